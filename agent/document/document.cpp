// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include "document/tree.hpp"

#include <algorithm>
#include <utility>

namespace narthex::document {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view format_name(Format format) {
  switch (format) {
    case Format::kJson:
      return "json";
    case Format::kYaml:
      return "yaml";
    default:
      return "toml";
  }
}

std::string bad_byte_text(Format format, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::string prefix = std::string(format_name(format)) + ": ";
  const std::string hex = {'0', 'x', kHex[byte >> 4], kHex[byte & 15]};
  if (byte < 0x20 || byte == 0x7F) {
    return prefix + "control characters are not allowed: byte " + hex;
  }
  return prefix + "the text is not valid UTF-8: byte " + hex;
}

bool parse_into(Format format, Tree& tree, TreeBuilder& builder, std::vector<Finding>& findings) {
  const std::size_t bad = first_bad_byte(tree.text());
  if (bad != std::string_view::npos) {
    return builder.refuse(static_cast<std::uint32_t>(bad),
                          bad_byte_text(format, static_cast<unsigned char>(tree.text()[bad])));
  }
  switch (format) {
    case Format::kJson:
      return parse_json(tree, builder);
    case Format::kYaml:
      return parse_yaml(tree, builder, findings);
    default:
      return parse_toml(tree, builder);
  }
}

}  // namespace

Document::Document(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}

std::shared_ptr<const Document> Document::parse(Format format, std::string_view name,
                                                std::string_view text,
                                                std::vector<Finding>& findings,
                                                const ScalarRewrite& rewrite) {
  if (text.size() > kTextMaxBytes) {
    Finding finding;
    finding.place.file = name;
    finding.text = std::string(format_name(format)) +
                   ": the text is larger than 16 MiB: " + std::to_string(text.size()) + " bytes";
    findings.push_back(std::move(finding));
    return nullptr;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto tree = std::make_shared<Tree>(name, text);
  TreeBuilder builder(*tree, findings, rewrite ? &rewrite : nullptr);
  const bool parsed = parse_into(format, *tree, builder, findings);
  if (!builder.finish() || !parsed) return nullptr;
  return std::make_shared<const Document>(std::move(tree));
}

std::shared_ptr<const Document> Document::without(const std::shared_ptr<const Document>& base,
                                                  const nx_value& table,
                                                  std::span<const std::string_view> dropped) {
  auto tree = std::make_shared<Tree>(base->tree_);
  std::vector<Finding> none;  // a part of a good tree is good
  TreeBuilder builder(*tree, none);
  const auto where = [](const Where* found) { return found != nullptr ? *found : Where{}; };
  (void)builder.begin(true, where(base->tree_->value_where(&table)));
  for (const nx_kv& entry : sdk::Value(&table).entries()) {
    if (std::find(dropped.begin(), dropped.end(), view(entry.key)) != dropped.end()) continue;
    (void)builder.key(view(entry.key), where(base->tree_->key_where(&entry)));
    (void)builder.add(entry.value, where(base->tree_->value_where(&entry.value)));
  }
  nx_value value{};
  Weight weight;
  (void)builder.end(value, weight);
  (void)builder.finish();
  return std::make_shared<const Document>(std::move(tree));
}

std::shared_ptr<const Document> Document::wrap(const std::shared_ptr<const Document>& base,
                                               std::string_view key, const nx_value& node) {
  auto tree = std::make_shared<Tree>(base->tree_);
  std::vector<Finding> none;
  TreeBuilder builder(*tree, none);
  const Where* found = base->tree_->value_where(&node);
  const Where where = found != nullptr ? *found : Where{};
  (void)builder.begin(true, where);
  (void)builder.key(key, where);
  (void)builder.add(node, where);
  nx_value value{};
  Weight weight;
  (void)builder.end(value, weight);
  (void)builder.finish();
  return std::make_shared<const Document>(std::move(tree));
}

const nx_value& Document::root() const { return tree_->root(); }
const std::string& Document::name() const { return tree_->name(); }

Place Document::place(const nx_value* node) const {
  const Where* where = tree_->value_where(node);
  return where != nullptr ? tree_->place(where->offset) : Place{tree_->name(), 0, 0};
}

Place Document::key_place(const nx_kv* entry) const {
  const Where* where = tree_->key_where(entry);
  return where != nullptr ? tree_->place(where->offset) : Place{tree_->name(), 0, 0};
}

std::string_view Document::line_text(std::uint32_t line) const { return tree_->line_text(line); }

Finding Document::finding(const nx_value* node, std::string text, std::string hint) const {
  const Place at = place(node);
  return {at, std::move(text), std::move(hint), std::string(line_text(at.line)), false};
}

Finding Document::key_finding(const nx_kv* entry, std::string text, std::string hint) const {
  const Place at = key_place(entry);
  return {at, std::move(text), std::move(hint), std::string(line_text(at.line)), false};
}

bool Document::quoted(const nx_value* node) const {
  const Where* where = tree_->value_where(node);
  return where != nullptr && where->quoted != 0;
}

std::string_view Document::text(const nx_value* node) const {
  if (node == nullptr) return {};
  if (node->type == NX_STRING) return {node->u.s, node->len};
  if (node->type == NX_ARRAY || node->type == NX_TABLE) return {};
  const Where* where = tree_->value_where(node);
  if (where == nullptr) return {};
  return tree_->text().substr(where->offset, where->length);
}

}  // namespace narthex::document
