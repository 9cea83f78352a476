// SPDX-License-Identifier: Apache-2.0
#include "host/schema_apply.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <utility>

namespace narthex::host {
namespace {

using sdk::Value;

const char* type_name(int type) {
  switch (type) {
    case NX_BOOL:
      return "a boolean";
    case NX_INT:
      return "an integer";
    case NX_FLOAT:
      return "a number";
    case NX_STRING:
      return "a string";
    case NX_TIME:
      return "a time";
    case NX_ARRAY:
      return "a list";
    case NX_TABLE:
      return "a table";
    default:
      return "nothing";
  }
}

const char* wanted_name(unsigned types) {
  switch (types) {
    case kTypeString:
      return "a string";
    case kTypeInteger:
      return "an integer";
    case kTypeNumber:
      return "a number";
    case kTypeBoolean:
      return "true or false";
    case kTypeArray:
      return "a list";
    default:
      return "a table";
  }
}

bool has_type(unsigned types, int type) {
  switch (type) {
    case NX_BOOL:
      return (types & kTypeBoolean) != 0;
    case NX_INT:
      return (types & (kTypeInteger | kTypeNumber)) != 0;
    case NX_FLOAT:
      return (types & kTypeNumber) != 0;
    case NX_STRING:
      return (types & kTypeString) != 0;
    case NX_ARRAY:
      return (types & kTypeArray) != 0;
    case NX_TABLE:
      return (types & kTypeObject) != 0;
    default:
      return false;
  }
}

bool same_scalar(const nx_value& a, const nx_value& b) {
  if (a.type != b.type) return false;
  if (a.type == NX_STRING) {
    return Value(&a).get<std::string_view>() == Value(&b).get<std::string_view>();
  }
  return a.type == NX_FLOAT ? a.u.f == b.u.f : a.u.i == b.u.i;
}

std::string shown(const nx_value& value) {
  switch (value.type) {
    case NX_STRING:
      return '"' + Value(&value).get<std::string>() + '"';
    case NX_INT:
      return std::to_string(value.u.i);
    case NX_BOOL:
      return value.u.i != 0 ? "true" : "false";
    case NX_FLOAT: {
      std::string text = std::to_string(value.u.f);
      while (text.ends_with('0')) text.pop_back();
      if (text.ends_with('.')) text.pop_back();
      return text;
    }
    default:
      return type_name(value.type);
  }
}

std::string shown_number(double number) {
  nx_value v{};
  v.type = NX_FLOAT;
  v.u.f = number;
  return shown(v);
}

// Applies one schema node with its bases to one value. One object a value.
class Applier {
 public:
  Applier(ConfigTree& tree, std::vector<document::Finding>& findings, std::string path)
      : tree_(tree), findings_(findings), path_(std::move(path)) {}

  nx_value run(const SchemaNode& schema, const nx_value& value) {
    if (!accept(schema, value)) return nx_value{};
    switch (value.type) {
      case NX_STRING:
        return text(schema, value);
      case NX_ARRAY:
        return list(schema, value);
      case NX_TABLE:
        return table(schema, value);
      default:
        return scalar(schema, value);
    }
  }

 private:
  std::string subject() const { return path_.empty() ? "the configuration" : path_; }

  void found(const nx_value& value, const std::string& text, std::string hint = {}) {
    findings_.push_back(tree_.source.finding(&value, subject() + ' ' + text, std::move(hint)));
  }

  // Type and enum, of the node and of what it is based on.
  bool accept(const SchemaNode& schema, const nx_value& value) {
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      if (node->types != 0 && !has_type(node->types, value.type)) {
        if (lenient(*node, value)) continue;
        found(value, std::string("must be ") + wanted_name(node->types) + ", it is " +
                         type_name(value.type));
        return false;
      }
      if (node->allowed.empty()) continue;
      if (std::ranges::none_of(node->allowed,
                               [&](const nx_value* v) { return same_scalar(*v, value); })) {
        not_allowed(*node, value);
        return false;
      }
    }
    return true;
  }

  // A duration or a size of 0 needs no unit, so it is no string in YAML and TOML. And YAML has
  // texts without quotes: what looks like a number there is one only where a number is wanted.
  bool lenient(const SchemaNode& node, const nx_value& value) const {
    const bool unit_text =
        node.format == OptionFormat::kDuration || node.format == OptionFormat::kBytes;
    if (unit_text && value.type == NX_INT) return true;
    return node.types == kTypeString && is_bare_text(value);
  }

  bool is_bare_text(const nx_value& value) const {
    const bool scalar = value.type == NX_INT || value.type == NX_FLOAT || value.type == NX_BOOL;
    if (!scalar || tree_.source.document == nullptr) return false;
    const std::string& name = tree_.source.document->name();
    return name.ends_with(".yml") || name.ends_with(".yaml");
  }

  void not_allowed(const SchemaNode& node, const nx_value& value) {
    std::string list;
    std::vector<std::string_view> names;
    for (const nx_value* v : node.allowed) {
      if (!list.empty()) list += ", ";
      list += shown(*v);
      names.push_back(Value(v).get<std::string_view>());
    }
    std::string hint;
    const std::string_view near = document::nearest(Value(&value).get<std::string_view>(), names);
    if (!near.empty()) hint = "did you mean \"" + std::string(near) + "\"?";
    found(value, "must be one of " + list + ", it is " + shown(value), std::move(hint));
  }

  void check_range(const SchemaNode& schema, const nx_value& value, double number) {
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      if (node->minimum && number < *node->minimum) {
        found(value,
              "must be at least " + shown_number(*node->minimum) + ", it is " + shown(value));
      }
      if (node->maximum && number > *node->maximum) {
        found(value, "must be at most " + shown_number(*node->maximum) + ", it is " + shown(value));
      }
    }
  }

  nx_value scalar(const SchemaNode& schema, const nx_value& value) {
    if (schema.types == kTypeString && is_bare_text(value)) {
      return formatted(schema, value, std::string(tree_.source.document->text(&value)));
    }
    if (format_of(schema) != OptionFormat::kNone && value.type == NX_INT) {
      return formatted(schema, value, std::to_string(value.u.i));
    }
    if (value.type != NX_INT && value.type != NX_FLOAT) return value;
    check_range(schema, value, Value(&value).get<double>());
    const bool number_only = schema.types == kTypeNumber && value.type == NX_INT;
    return number_only ? tree_.arena.number(static_cast<double>(value.u.i)) : value;
  }

  static OptionFormat format_of(const SchemaNode& schema) {
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      if (node->format != OptionFormat::kNone) return node->format;
    }
    return OptionFormat::kNone;
  }

  nx_value text(const SchemaNode& schema, const nx_value& value) {
    const std::string content = Value(&value).get<std::string>();
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      if (node->length_min && content.size() < *node->length_min) {
        found(value, content.empty()
                         ? "must not be empty"
                         : "must have at least " + std::to_string(*node->length_min) + " bytes");
      }
      if (node->length_max && content.size() > *node->length_max) {
        found(value, "must have at most " + std::to_string(*node->length_max) + " bytes, it has " +
                         std::to_string(content.size()));
      }
    }
    return formatted(schema, value, content);
  }

  nx_value formatted(const SchemaNode& schema, const nx_value& value, const std::string& content) {
    const std::string folder = tree_.source.folder_of(&value);
    Result<nx_value> made = convert_format(format_of(schema), content, folder, tree_.arena);
    if (!made.ok()) {
      found(value, made.status().message());
      return nx_value{};
    }
    if (made->type == NX_INT) check_range(schema, value, static_cast<double>(made->u.i));
    return *made;
  }

  nx_value list(const SchemaNode& schema, const nx_value& value) {
    const SchemaNode* items = nullptr;
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      if (items == nullptr) items = node->items.get();
      check_count(*node, value);
    }
    std::vector<nx_value> made;
    std::size_t index = 0;
    for (const nx_value& item : Value(&value).items()) {
      const std::string at = path_ + '[' + std::to_string(index++) + ']';
      made.push_back(items != nullptr ? convert(*items, item, tree_, findings_, at)
                                      : tree_.arena.clone(item));
    }
    const nx_value out = tree_.arena.array(made);
    for (std::uint32_t i = 0; i < out.len; ++i) {
      tree_.origins.emplace(&out.u.items[i], &value.u.items[i]);
    }
    return out;
  }

  void check_count(const SchemaNode& node, const nx_value& value) {
    if (node.items_min && value.len < *node.items_min) {
      found(value, "must have at least " + std::to_string(*node.items_min) + " items");
    }
    if (node.items_max && value.len > *node.items_max) {
      found(value, "must have at most " + std::to_string(*node.items_max) + " items");
    }
    if (!node.unique_items) return;
    const auto items = Value(&value).items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same_scalar(items[i], items[j])) {
          findings_.push_back(tree_.source.finding(
              &items[i], subject() + " must not have " + shown(items[i]) + " twice"));
        }
      }
    }
  }

  // ---- tables ----

  // The schemas whose properties a table may have: the node, its bases, the branch it is in.
  std::vector<const SchemaNode*> shapes(const SchemaNode& schema, const nx_value& value) {
    std::vector<const SchemaNode*> all;
    for (const SchemaNode* node = &schema; node != nullptr; node = node->base) {
      all.push_back(node);
      if (node->branches.empty()) continue;
      if (const SchemaNode* branch = branch_of(*node, value)) all.push_back(branch);
    }
    return all;
  }

  const SchemaNode* branch_of(const SchemaNode& node, const nx_value& value) {
    const nx_value* key = Value(&value)[node.key].raw();
    if (key == nullptr) {
      const SchemaNode* declared = node.property(node.key);
      key = declared != nullptr ? declared->otherwise : nullptr;
    }
    if (key == nullptr) {
      found(value, "lacks the option \"" + node.key + "\"");
      return nullptr;
    }
    SchemaNode all;
    for (const auto& branch : node.branches) {
      for (const nx_value* allowed : branch->property(node.key)->allowed) {
        if (same_scalar(*allowed, *key)) return branch.get();
        all.allowed.push_back(allowed);
      }
    }
    Applier(tree_, findings_, joined(node.key)).not_allowed(all, *key);
    return nullptr;
  }

  std::string joined(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + '.' + std::string(name);
  }

  static const SchemaNode* property_of(const std::vector<const SchemaNode*>& shapes,
                                       std::string_view name) {
    for (const SchemaNode* shape : shapes) {
      for (const auto& [own, node] : shape->properties) {
        if (own == name) return node.get();
      }
    }
    return nullptr;
  }

  nx_value table(const SchemaNode& schema, const nx_value& value) {
    const std::vector<const SchemaNode*> forms = shapes(schema, value);
    std::vector<nx_kv> made;
    std::vector<const nx_value*> origins;
    for (const nx_kv& entry : Value(&value).entries()) {
      add_entry(forms, entry, made, origins);
    }
    for (const SchemaNode* form : forms) {
      check_required(*form, value);
      add_defaults(*form, forms, value, made, origins);
    }
    const nx_value out = tree_.arena.table(made);
    for (std::uint32_t i = 0; i < out.len; ++i) {
      tree_.origins.emplace(&out.u.entries[i].value, origins[i]);
    }
    return out;
  }

  void add_entry(const std::vector<const SchemaNode*>& forms, const nx_kv& entry,
                 std::vector<nx_kv>& made, std::vector<const nx_value*>& origins) {
    const std::string_view name = view(entry.key);
    const SchemaNode* property = property_of(forms, name);
    bool open = false;
    for (const SchemaNode* form : forms) {
      open = open || form->open;
      if (property == nullptr) property = form->additional.get();
    }
    if (property == nullptr && !open) return unknown_key(forms, entry);
    if (property != nullptr && entry.value.type == NX_NULL) return;  // as if it were not there
    if (property != nullptr && property->deprecated) deprecated_key(entry, *property);
    made.push_back(tree_.arena.entry(
        name, property != nullptr ? convert(*property, entry.value, tree_, findings_, joined(name))
                                  : tree_.arena.clone(entry.value)));
    origins.push_back(&entry.value);
  }

  void unknown_key(const std::vector<const SchemaNode*>& forms, const nx_kv& entry) {
    std::vector<std::string_view> names;
    for (const SchemaNode* form : forms) {
      for (const auto& [name, node] : form->properties) names.push_back(name);
    }
    const std::string_view near = document::nearest(view(entry.key), names);
    std::string hint;
    if (!near.empty()) hint = "did you mean \"" + std::string(near) + "\"?";
    std::string text = "unknown option \"" + std::string(view(entry.key)) + '"';
    if (!path_.empty()) text += " in " + path_;
    findings_.push_back(tree_.source.key_finding(&entry, std::move(text), std::move(hint)));
  }

  void deprecated_key(const nx_kv& entry, const SchemaNode& property) {
    document::Finding finding =
        tree_.source.key_finding(&entry, "option \"" + joined(view(entry.key)) +
                                             "\" is deprecated: " + property.description);
    finding.warning = true;
    findings_.push_back(std::move(finding));
  }

  void check_required(const SchemaNode& form, const nx_value& value) {
    for (const std::string& name : form.required) {
      if (Value(&value)[name]) continue;
      found(value, "lacks the option \"" + name + '"');
    }
  }

  void add_defaults(const SchemaNode& form, const std::vector<const SchemaNode*>& forms,
                    const nx_value& value, std::vector<nx_kv>& made,
                    std::vector<const nx_value*>& origins) {
    for (const auto& [name, property] : form.properties) {
      // The first form that has a name decides about it.
      if (Value(&value)[name] || property_of(forms, name) != property.get()) continue;
      if (property->otherwise == nullptr) continue;
      made.push_back(tree_.arena.entry(
          name, convert(*property, *property->otherwise, tree_, findings_, joined(name))));
      origins.push_back(&value);
    }
  }

  ConfigTree& tree_;
  std::vector<document::Finding>& findings_;
  const std::string path_;
};

}  // namespace

nx_value convert(const SchemaNode& schema, const nx_value& value, ConfigTree& tree,
                 std::vector<document::Finding>& findings, const std::string& path) {
  return Applier(tree, findings, path).run(schema, value);
}

}  // namespace narthex::host
