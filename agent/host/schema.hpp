// SPDX-License-Identifier: Apache-2.0
// schema.hpp - the schema of a component's options: the subset of JSON Schema that
// plugin-api/docs/contract.md lists, and nothing silently ignored outside of it.
//
// Two steps: Schema::parse reads the text once and checks it, defaults included; apply() checks a
// configuration against it and makes the tree that the plugin gets. Immutable, thread-safe.
#pragma once

#include "document/document.hpp"
#include "host/config_tree.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct SchemaNode;

class Schema {
 public:
  // `text` empty: no options are taken. `name` stands for the schema in messages.
  static Result<Schema> parse(std::string_view name, std::string_view text);
  ~Schema();
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;

  // Adds all that is wrong with `config` (null: an empty table) to findings. The tree it returns
  // has defaults filled in and formats converted; it is complete only when nothing was found.
  std::unique_ptr<ConfigTree> apply(const ConfigSource& config,
                                    std::vector<document::Finding>& findings) const;
  // The options taken apart, for tools that show them or make them up. Lives as long as this.
  const SchemaNode& root() const;

 private:
  struct Impl;
  explicit Schema(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::host
