// SPDX-License-Identifier: Apache-2.0
// schema_node.hpp - a schema taken apart. Internal to the schema files, and for the tools that show
// a schema or make configurations from it.
#pragma once

#include "document/document.hpp"

#include <narthex/plugin.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace narthex::host {

enum class OptionFormat {
  kNone,
  kDuration,
  kBytes,
  kRegex,
  kPath,
  kUrl,
  kHostPort,
  kSecret,
};

// Bits of SchemaNode::types.
enum : unsigned {
  kTypeString = 1u << 0,
  kTypeInteger = 1u << 1,
  kTypeNumber = 1u << 2,
  kTypeBoolean = 1u << 3,
  kTypeArray = 1u << 4,
  kTypeObject = 1u << 5,
};

struct SchemaNode {
  unsigned types = 0;  // 0: any
  OptionFormat format = OptionFormat::kNone;
  bool deprecated = false;
  bool unique_items = false;
  bool open = false;  // additionalProperties: true
  std::string description;
  const nx_value* otherwise = nullptr;    // the default; a node of the schema's document
  std::vector<const nx_value*> allowed;   // enum
  std::vector<const nx_value*> examples;  // of good values; say nothing about a configuration
  std::optional<double> minimum, maximum;
  std::optional<std::uint64_t> length_min, length_max, items_min, items_max;

  std::vector<std::pair<std::string, std::unique_ptr<SchemaNode>>> properties;
  std::vector<std::string> required;
  std::unique_ptr<SchemaNode> additional;  // the schema of other properties
  std::unique_ptr<SchemaNode> items;
  const SchemaNode* base = nullptr;  // what $ref names: its properties and limits hold as well

  // oneOf: the table's `key` says which of the branches holds.
  std::string key;
  std::vector<std::unique_ptr<SchemaNode>> branches;

  // Own properties first, then those of base; null: none.
  const SchemaNode* property(std::string_view name) const {
    for (const auto& [own, node] : properties) {
      if (own == name) return node.get();
    }
    return base != nullptr ? base->property(name) : nullptr;
  }
};

// The text of a schema that every plugin may refer to ("narthex:http_client"); empty: unknown.
std::string_view standard_schema(std::string_view name);

// Everything a schema is made of; nodes refer to each other and to the documents' trees.
struct SchemaParts {
  std::string name;
  std::vector<std::shared_ptr<const document::Document>> documents;
  std::map<std::string, std::unique_ptr<SchemaNode>, std::less<>> named;  // by $ref
  std::unique_ptr<SchemaNode> root;
};

}  // namespace narthex::host
