// SPDX-License-Identifier: Apache-2.0
#include "host/schema_reference.hpp"

#include "document/document.hpp"
#include "host/schema_node.hpp"

#include <narthex/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace narthex::host {
namespace {

// A value as it would be written in TOML, on one line.
std::string toml_text(const nx_value& value) {
  const sdk::Value v(&value);
  std::string text;
  switch (value.type) {
    case NX_BOOL:
      return v.get<bool>() ? "true" : "false";
    case NX_INT:
    case NX_TIME:
      return std::to_string(v.get<std::int64_t>());
    case NX_FLOAT: {
      std::array<char, 32> digits{};
      std::snprintf(digits.data(), digits.size(), "%g", v.get<double>());
      return digits.data();
    }
    case NX_STRING:
      sdk::append_json_text(text, v.get<std::string_view>());
      return text;
    case NX_ARRAY:
      for (const nx_value& item : v.items()) text += (text.empty() ? "" : ", ") + toml_text(item);
      return '[' + text + ']';
    case NX_TABLE:
      for (const nx_kv& entry : v.entries()) {
        text += (text.empty() ? " " : ", ") + std::string(view(entry.key)) + " = " +
                toml_text(entry.value);
      }
      return '{' + text + (text.empty() ? "}" : " }");
    default:
      return "null";
  }
}

std::string type_text(const SchemaNode& node) {
  constexpr std::array<std::string_view, 8> kFormatNames = {
      "", "duration", "size", "regular expression", "path", "URL", "host:port", "secret"};
  if (node.format != OptionFormat::kNone)
    return std::string(kFormatNames[static_cast<std::size_t>(node.format)]);
  if (node.items != nullptr) return "list of " + type_text(*node.items);
  switch (node.types) {
    case kTypeString:
      return "string";
    case kTypeInteger:
      return "integer";
    case kTypeNumber:
      return "number";
    case kTypeBoolean:
      return "boolean";
    case kTypeArray:
      return "list";
    case kTypeObject:
      return "table";
    default:
      return node.base != nullptr ? type_text(*node.base) : "any";
  }
}

void append_limits(std::string& text, const SchemaNode& node) {
  const auto add = [&](const char* words, auto value) {
    std::array<char, 64> part{};
    std::snprintf(part.data(), part.size(), ", %s %g", words, static_cast<double>(value));
    text += part.data();
  };
  if (node.minimum) add("at least", *node.minimum);
  if (node.maximum) add("at most", *node.maximum);
  if (node.length_min) add("bytes at least", *node.length_min);
  if (node.length_max) add("bytes at most", *node.length_max);
  if (node.items_min) add("items at least", *node.items_min);
  if (node.items_max) add("items at most", *node.items_max);
  if (node.allowed.empty()) return;
  text += ", one of";
  for (const nx_value* each : node.allowed)
    text += (text.back() == 'f' ? " " : ", ") + toml_text(*each);
}

class Page {
 public:
  // `seen`: a definition that refers to itself is listed once.
  void add(const SchemaNode& node, const std::string& path) {
    if (!seen_.insert(&node).second) return;
    for (const auto& [name, child] : node.properties) {
      const bool required = std::ranges::find(node.required, name) != node.required.end();
      option(path.empty() ? name : path + '.' + name, *child, required);
    }
    if (node.base != nullptr) add(*node.base, path);
    for (const auto& branch : node.branches) add(*branch, path);
  }
  const std::string& text() const { return text_; }

 private:
  void option(const std::string& path, const SchemaNode& node, bool required) {
    text_ += "* `" + path + "` (" + type_text(node);
    append_limits(text_, node);
    if (required) text_ += ", required";
    if (node.otherwise != nullptr) text_ += ", default `" + toml_text(*node.otherwise) + '`';
    if (node.deprecated) text_ += ", deprecated";
    text_ += ')';
    if (!node.description.empty()) text_ += "  \n  " + node.description;
    text_ += '\n';
    add(node, path);
    if (node.items != nullptr) add(*node.items, path + "[]");
  }

  std::string text_;
  std::set<const SchemaNode*> seen_;
};

void append_examples(std::string& text, const SchemaNode& node) {
  for (const auto& [name, child] : node.properties) {
    if (!child->examples.empty()) text += name + " = " + toml_text(*child->examples.front()) + '\n';
  }
  if (node.base != nullptr) append_examples(text, *node.base);
}

}  // namespace

std::string reference_page(std::string_view component, std::string_view summary,
                           const Schema& schema) {
  std::string text = "# " + std::string(component) + "\n\n";
  if (!summary.empty()) text += std::string(summary) + ".\n\n";
  Page page;
  page.add(schema.root(), {});
  text += page.text().empty() ? "It takes no options.\n" : "## Options\n\n" + page.text();
  std::string examples;
  append_examples(examples, schema.root());
  if (!examples.empty()) text += "\n## Example\n\n```toml\n" + examples + "```\n";
  return text;
}

}  // namespace narthex::host
