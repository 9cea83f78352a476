// SPDX-License-Identifier: Apache-2.0
#include "document/tree.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

namespace narthex::document {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Tree::Tree(std::string_view name, std::string_view text) : name_(name), text_(text) {
  line_starts_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

const Tree::Block* Tree::block_of(const void* address) const {
  const char* at = static_cast<const char*>(address);
  const std::less<const char*> before;
  auto next = std::upper_bound(blocks_.begin(), blocks_.end(), at,
                               [&](const char* a, const Block& b) { return before(a, b.first); });
  if (next == blocks_.begin()) return nullptr;
  const Block& block = *std::prev(next);
  return before(at, block.last) ? &block : nullptr;
}

const Where* Tree::value_where(const nx_value* node) const {
  if (node == &root_) return &root_where_;
  const Block* block = node != nullptr ? block_of(node) : nullptr;
  if (block == nullptr) return base_ ? base_->value_where(node) : nullptr;
  const auto distance =
      static_cast<std::size_t>(reinterpret_cast<const char*>(node) - block->first);
  return block->values + distance / (block->table ? sizeof(nx_kv) : sizeof(nx_value));
}

const Where* Tree::key_where(const nx_kv* entry) const {
  const Block* block = entry != nullptr ? block_of(entry) : nullptr;
  if (block == nullptr) return base_ ? base_->key_where(entry) : nullptr;
  if (!block->table) return nullptr;
  const auto distance =
      static_cast<std::size_t>(reinterpret_cast<const char*>(entry) - block->first);
  return block->keys + distance / sizeof(nx_kv);
}

Place Tree::place(std::uint32_t offset) const {
  if (base_) return base_->place(offset);
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - line_starts_.begin());
  return {name_, line, offset - *std::prev(next) + 1};
}

std::uint32_t Tree::offset_of(std::uint32_t line, std::uint32_t column, bool points) const {
  if (line == 0) return 0;
  if (line > line_starts_.size()) return static_cast<std::uint32_t>(text_.size());
  std::size_t at = line_starts_[line - 1];
  if (!points) return static_cast<std::uint32_t>(std::min(at + column - 1, text_.size()));
  for (std::uint32_t left = column; left > 1 && at < text_.size(); --left) {
    ++at;
    while (at < text_.size() && is_continuation(text_[at])) ++at;
  }
  return static_cast<std::uint32_t>(at);
}

std::string_view Tree::line_text(std::uint32_t line) const {
  if (base_) return base_->line_text(line);
  if (line == 0 || line > line_starts_.size()) return {};
  std::string_view rest = std::string_view(text_).substr(line_starts_[line - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

Finding Tree::finding(std::uint32_t offset, std::string text, std::string hint) const {
  Finding finding{place(offset), std::move(text), std::move(hint), {}, false};
  finding.line_text = line_text(finding.place.line);
  return finding;
}

TreeBuilder::TreeBuilder(Tree& tree, std::vector<Finding>& findings, const ScalarRewrite* rewrite)
    : tree_(tree), findings_(findings), rewrite_(rewrite) {}

template <class T>
T* TreeBuilder::room(std::size_t count) {
  return static_cast<T*>(tree_.memory_.allocate(count * sizeof(T), alignof(T)));
}

bool TreeBuilder::refuse(std::uint32_t offset, std::string text, std::string hint) {
  note(offset, std::move(text), std::move(hint));
  return false;
}

void TreeBuilder::note(std::uint32_t offset, std::string text, std::string hint) {
  findings_.push_back(tree_.finding(offset, std::move(text), std::move(hint)));
  failed_ = true;
}

nx_value TreeBuilder::string(std::string_view text) {
  char* copy = room<char>(text.size() + 1);
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  nx_value value{};
  value.type = NX_STRING;
  value.len = static_cast<std::uint32_t>(text.size());
  value.u.s = copy;
  return value;
}

bool TreeBuilder::begin(bool table, Where where) {
  if (frames_.size() >= kDepthMax) {
    return refuse(where.offset, "nested deeper than " + std::to_string(kDepthMax) + " levels");
  }
  frames_.push_back({table, false, pending_.size(), where, {}});
  return true;
}

bool TreeBuilder::key(std::string_view text, Where where) {
  Pending& entry = pending_.emplace_back();
  const nx_value copy = string(text);
  entry.entry.key = {copy.u.s, copy.len};
  entry.key = where;
  frames_.back().has_key = true;
  return true;
}

std::vector<std::string_view> TreeBuilder::path() const {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    if (!frames_[i].table) continue;
    const std::size_t next = i + 1 < frames_.size() ? frames_[i + 1].first : pending_.size();
    keys.push_back(view(pending_[next - 1].entry.key));
  }
  return keys;
}

bool TreeBuilder::add_scalar(nx_value& value, Where where) {
  if (rewrite_ != nullptr) {
    const std::string_view text = value.type == NX_STRING
                                      ? std::string_view(value.u.s, value.len)
                                      : tree_.text().substr(where.offset, where.length);
    Result<std::optional<std::string>> changed = (*rewrite_)(path(), {value.type, text});
    if (!changed.ok()) {
      note(where.offset, changed.status().message());
    } else if (changed->has_value()) {
      value = string(**changed);
    }
  }
  return add(value, where);
}

bool TreeBuilder::add(nx_value value, Where where, Weight weight) {
  if (value.type == NX_STRING) weight.bytes += value.len;
  if (frames_.empty()) {
    tree_.root_ = value;
    tree_.root_where_ = where;
    return true;
  }
  if (frames_.size() + weight.height > kDepthMax) {
    return refuse(where.offset, "nested deeper than " + std::to_string(kDepthMax) + " levels");
  }
  Frame& frame = frames_.back();
  if (!frame.table) pending_.emplace_back();
  frame.has_key = false;
  pending_.back().entry.value = value;
  pending_.back().value = where;
  frame.weight.nodes += weight.nodes;
  frame.weight.bytes += weight.bytes;
  frame.weight.height = std::max(frame.weight.height, weight.height);
  return true;
}

bool TreeBuilder::end(nx_value& value, Weight& weight) {
  const Frame frame = frames_.back();
  value = frame.table ? close_table(frame) : close_array(frame);
  weight = frame.weight;
  ++weight.height;
  pending_.resize(frame.first);
  frames_.pop_back();
  return add(value, frame.where, weight);
}

nx_value TreeBuilder::close_array(const Frame& frame) {
  const std::size_t count = pending_.size() - frame.first;
  nx_value value{};
  value.type = NX_ARRAY;
  value.len = static_cast<std::uint32_t>(count);
  if (count == 0) return value;
  auto* items = room<nx_value>(count);
  auto* values = room<Where>(count);
  for (std::size_t i = 0; i < count; ++i) {
    items[i] = pending_[frame.first + i].entry.value;
    values[i] = pending_[frame.first + i].value;
  }
  const char* first = reinterpret_cast<const char*>(items);
  tree_.blocks_.push_back({first, first + count * sizeof(nx_value), false, values, nullptr});
  value.u.items = items;
  return value;
}

nx_value TreeBuilder::close_table(const Frame& frame) {
  const std::size_t count = pending_.size() - frame.first;
  nx_value value{};
  value.type = NX_TABLE;
  value.len = static_cast<std::uint32_t>(count);
  if (count == 0) return value;
  check_duplicates({pending_.data() + frame.first, count});
  auto* entries = room<nx_kv>(count);
  auto* values = room<Where>(count);
  auto* keys = room<Where>(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = pending_[frame.first + i].entry;
    values[i] = pending_[frame.first + i].value;
    keys[i] = pending_[frame.first + i].key;
  }
  const char* first = reinterpret_cast<const char*>(entries);
  tree_.blocks_.push_back({first, first + count * sizeof(nx_kv), true, values, keys});
  value.u.entries = entries;
  return value;
}

void TreeBuilder::check_duplicates(std::span<const Pending> entries) {
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto name = [&](std::uint32_t i) { return view(entries[i].entry.key); };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(name(a), a) < std::pair(name(b), b);
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (name(order[i - 1]) != name(order[i])) continue;
    const Place before = tree_.place(entries[order[i - 1]].key.offset);
    note(entries[order[i]].key.offset, "duplicate key \"" + std::string(name(order[i])) + "\"",
         "it is already set in line " + std::to_string(before.line));
  }
}

bool TreeBuilder::finish() {
  const std::less<const char*> before;
  std::sort(tree_.blocks_.begin(), tree_.blocks_.end(),
            [&](const auto& a, const auto& b) { return before(a.first, b.first); });
  return !failed_;
}

}  // namespace narthex::document
