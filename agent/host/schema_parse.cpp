// SPDX-License-Identifier: Apache-2.0
// schema_parse.cpp - the text of a schema becomes nodes. The first thing outside of the subset ends
// it: a schema is written by a programmer, who mends one thing after the other.
#include "host/schema.hpp"
#include "host/schema_node.hpp"
#include "host/schema_apply.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace narthex::host {
namespace {

using sdk::Value;

constexpr std::array<std::pair<std::string_view, unsigned>, 6> kTypes = {{
    {"string", kTypeString},
    {"integer", kTypeInteger},
    {"number", kTypeNumber},
    {"boolean", kTypeBoolean},
    {"array", kTypeArray},
    {"object", kTypeObject},
}};

constexpr std::array<std::pair<std::string_view, OptionFormat>, 7> kFormats = {{
    {"duration", OptionFormat::kDuration},
    {"bytes", OptionFormat::kBytes},
    {"regex", OptionFormat::kRegex},
    {"path", OptionFormat::kPath},
    {"url", OptionFormat::kUrl},
    {"host_port", OptionFormat::kHostPort},
    {"secret", OptionFormat::kSecret},
}};

// Said about a schema, without meaning for a configuration.
constexpr std::array<std::string_view, 6> kAnnotations = {"title",    "$schema", "$id",
                                                          "$comment", "$defs",   "deprecated"};

class Reader {
 public:
  Reader(SchemaParts& parts, Value root) : parts_(parts), root_(root) {}

  Status read(Value from, SchemaNode& node) {
    if (from.type() != NX_TABLE) return outside("a schema must be an object");
    for (const nx_kv& entry : from.entries()) {
      if (Status status = keyword(view(entry.key), Value(&entry.value), node); !status.ok()) {
        return status;
      }
    }
    return node.branches.empty() ? Status() : find_key(node);
  }

 private:
  Status outside(std::string text) const {
    return invalid_data("schema of " + parts_.name + ": " + std::move(text));
  }

  Status keyword(std::string_view key, Value value, SchemaNode& node) {
    if (key == "type") return read_type(value, node);
    if (key == "format") return read_format(value, node);
    if (key == "description") return (node.description = value.get<std::string>()), Status();
    if (key == "properties") return read_properties(value, node);
    if (key == "additionalProperties") return read_additional(value, node);
    if (key == "required") return read_required(value, node);
    if (key == "items") return read_child(value, node.items);
    if (key == "$ref") return read_ref(value.get<std::string_view>(), node);
    if (key == "oneOf") return read_branches(value, node);
    if (key == "default") return (node.otherwise = value.raw()), Status();
    if (key == "enum") return read_enum(value, node);
    if (key == "const") return node.allowed.push_back(value.raw()), Status();
    if (key == "examples") return read_examples(value, node);
    if (key == "deprecated") return (node.deprecated = value.get<bool>()), Status();
    if (std::ranges::find(kAnnotations, key) != kAnnotations.end()) return Status();
    return read_limit(key, value, node);
  }

  Status read_limit(std::string_view key, Value value, SchemaNode& node) {
    if (key == "uniqueItems") return (node.unique_items = value.get<bool>()), Status();
    if (value.type() != NX_INT && value.type() != NX_FLOAT) {
      return outside("keyword \"" + std::string(key) + "\" is outside of the subset, or no number");
    }
    const auto count =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.get<std::int64_t>()));
    if (key == "minimum") return (node.minimum = value.get<double>()), Status();
    if (key == "maximum") return (node.maximum = value.get<double>()), Status();
    if (key == "minLength") return (node.length_min = count), Status();
    if (key == "maxLength") return (node.length_max = count), Status();
    if (key == "minItems") return (node.items_min = count), Status();
    if (key == "maxItems") return (node.items_max = count), Status();
    return outside("keyword \"" + std::string(key) + "\" is outside of the subset");
  }

  Status read_type(Value value, SchemaNode& node) {
    for (const auto& [name, bit] : kTypes) {
      if (value.get<std::string_view>() == name) return (node.types = bit), Status();
    }
    return outside("unknown type \"" + value.get<std::string>() + "\"");
  }

  Status read_format(Value value, SchemaNode& node) {
    for (const auto& [name, format] : kFormats) {
      if (value.get<std::string_view>() == name) return (node.format = format), Status();
    }
    return outside("unknown format \"" + value.get<std::string>() + "\"");
  }

  Status read_child(Value value, std::unique_ptr<SchemaNode>& child) {
    child = std::make_unique<SchemaNode>();
    return read(value, *child);
  }

  Status read_properties(Value value, SchemaNode& node) {
    for (const nx_kv& entry : value.entries()) {
      auto& [name, child] = node.properties.emplace_back(std::string(view(entry.key)), nullptr);
      Status status = read_child(Value(&entry.value), child);
      if (!status.ok()) return status;
    }
    return Status();
  }

  Status read_additional(Value value, SchemaNode& node) {
    if (value.type() == NX_BOOL) return (node.open = value.get<bool>()), Status();
    return read_child(value, node.additional);
  }

  Status read_required(Value value, SchemaNode& node) {
    for (const nx_value& item : value.items()) {
      node.required.push_back(Value(&item).get<std::string>());
    }
    return Status();
  }

  Status read_enum(Value value, SchemaNode& node) {
    for (const nx_value& item : value.items()) node.allowed.push_back(&item);
    return node.allowed.empty() ? outside("an enum without values") : Status();
  }

  Status read_examples(Value value, SchemaNode& node) {
    if (value.type() != NX_ARRAY) return outside("examples must be a list");
    for (const nx_value& item : value.items()) node.examples.push_back(&item);
    return Status();
  }

  Status read_branches(Value value, SchemaNode& node) {
    for (const nx_value& item : value.items()) {
      Status status = read_child(Value(&item), node.branches.emplace_back());
      if (!status.ok()) return status;
    }
    return node.branches.empty() ? outside("a oneOf without branches") : Status();
  }

  // The property that every branch restricts to values of its own.
  Status find_key(SchemaNode& node) const {
    for (const auto& [name, child] : node.branches.front()->properties) {
      const bool everywhere = std::ranges::all_of(node.branches, [&](const auto& branch) {
        const SchemaNode* property = branch->property(name);
        return property != nullptr && !property->allowed.empty();
      });
      if (everywhere) return (node.key = name), Status();
    }
    return outside("oneOf needs a property whose enum tells its branches apart");
  }

  Status read_ref(std::string_view ref, SchemaNode& node) {
    const bool local = ref.starts_with("#/$defs/");
    // Standard schemas have no definitions of their own, so the names cannot clash.
    const auto known = parts_.named.find(ref);
    if (known != parts_.named.end()) return (node.base = known->second.get()), Status();
    // Entered before it is read: a definition may refer to itself.
    SchemaNode& target =
        *(parts_.named.emplace(std::string(ref), std::make_unique<SchemaNode>()).first->second);
    node.base = &target;
    if (local) {
      const Value definition = root_["$defs"][ref.substr(8)];
      return definition ? read(definition, target) : outside("nothing at " + std::string(ref));
    }
    return read_standard(ref, target);
  }

  Status read_standard(std::string_view ref, SchemaNode& target) {
    const std::string_view text = standard_schema(ref);
    if (text.empty()) return outside("unknown $ref \"" + std::string(ref) + "\"");
    std::vector<document::Finding> findings;
    auto parsed = document::Document::parse(document::Format::kJson, ref, text, findings);
    if (parsed == nullptr) return outside(document::render(findings));
    parts_.documents.push_back(parsed);
    return Reader(parts_, Value(&parsed->root())).read(Value(&parsed->root()), target);
  }

  SchemaParts& parts_;
  Value root_;
};

Status check_value(const SchemaParts& parts, const SchemaNode& node, const nx_value& value,
                   const std::string& path, const std::string& what) {
  std::vector<document::Finding> findings;
  ConfigTree tree;
  tree.source.name = parts.name;
  (void)convert(node, value, tree, findings, path);
  if (findings.empty()) return Status();
  return invalid_data("schema of " + parts.name + ": " + what + " breaks it: " + findings[0].text);
}

// Defaults and examples must satisfy the schema that gives them.
Status check_defaults(const SchemaParts& parts, const SchemaNode& node, const std::string& path) {
  if (node.otherwise != nullptr) {
    if (Status status = check_value(parts, node, *node.otherwise, path, "a default"); !status.ok())
      return status;
  }
  for (const nx_value* example : node.examples) {
    if (Status status = check_value(parts, node, *example, path, "an example"); !status.ok())
      return status;
  }
  for (const auto& [name, child] : node.properties) {
    if (Status status = check_defaults(parts, *child, path.empty() ? name : path + '.' + name);
        !status.ok())
      return status;
  }
  for (const auto& branch : node.branches) {
    if (Status status = check_defaults(parts, *branch, path); !status.ok()) return status;
  }
  return node.items != nullptr ? check_defaults(parts, *node.items, path) : Status();
}

}  // namespace

struct Schema::Impl {
  SchemaParts parts;
};

Schema::Schema(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

Result<Schema> Schema::parse(std::string_view name, std::string_view text) {
  auto impl = std::make_unique<Impl>();
  SchemaParts& parts = impl->parts;
  parts.name = name;
  parts.root = std::make_unique<SchemaNode>();
  parts.root->types = kTypeObject;
  if (text.empty()) return Schema(std::move(impl));

  std::vector<document::Finding> findings;
  auto parsed = document::Document::parse(document::Format::kJson, "schema of " + std::string(name),
                                          text, findings);
  if (parsed == nullptr) return invalid_data(document::render(findings));
  parts.documents.push_back(parsed);
  const sdk::Value root(&parsed->root());
  if (Status status = Reader(parts, root).read(root, *parts.root); !status.ok()) return status;
  if (parts.root->types != kTypeObject) {
    return invalid_data("schema of " + parts.name + ": the options must be an object");
  }
  if (Status status = check_defaults(parts, *parts.root, {}); !status.ok()) return status;
  return Schema(std::move(impl));
}

const SchemaNode& Schema::root() const { return *impl_->parts.root; }

std::unique_ptr<ConfigTree> Schema::apply(const ConfigSource& config,
                                          std::vector<document::Finding>& findings) const {
  auto tree = std::make_unique<ConfigTree>();
  tree->source = config;
  static constexpr nx_value kEmpty = {NX_TABLE, 0, 0, 0, {0}};
  const nx_value& from = config.config != nullptr ? *config.config : kEmpty;
  tree->root = convert(*impl_->parts.root, from, *tree, findings);
  tree->origins.emplace(&tree->root, config.config);
  return tree;
}

}  // namespace narthex::host
