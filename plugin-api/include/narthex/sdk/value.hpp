// SPDX-License-Identifier: Apache-2.0
// value.hpp - reading and building nx_value trees.
//
// Value is a view of one node; what it looks at must outlive it. TreeArena makes nodes and owns
// them.
#pragma once

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk {

// A node of a tree, or nothing. Every access to something absent, or of another type, gives the
// caller's default: the host has checked the schema before.
class Value {
 public:
  Value() = default;
  explicit Value(const nx_value* node) noexcept : node_(node) {}

  explicit operator bool() const noexcept { return node_ != nullptr && node_->type != NX_NULL; }
  const nx_value* raw() const noexcept { return node_; }
  int type() const noexcept { return node_ != nullptr ? int{node_->type} : int{NX_NULL}; }
  bool secret() const noexcept { return node_ != nullptr && (node_->flags & NX_VALUE_SECRET) != 0; }

  Value operator[](std::string_view key) const noexcept {
    for (const nx_kv& entry : entries()) {
      if (view(entry.key) == key) return Value(&entry.value);
    }
    return Value();
  }
  std::span<const nx_kv> entries() const noexcept {
    if (type() != NX_TABLE) return {};
    return {node_->u.entries, node_->len};
  }
  std::span<const nx_value> items() const noexcept {
    if (type() != NX_ARRAY) return {};
    return {node_->u.items, node_->len};
  }

  template <class T>
  T get(T otherwise = {}) const {
    if (node_ == nullptr) return otherwise;
    if constexpr (std::same_as<T, bool>) {
      return node_->type == NX_BOOL ? node_->u.i != 0 : otherwise;
    } else if constexpr (std::integral<T>) {
      return node_->type == NX_INT || node_->type == NX_TIME ? static_cast<T>(node_->u.i)
                                                             : otherwise;
    } else if constexpr (std::floating_point<T>) {
      if (node_->type == NX_FLOAT) return static_cast<T>(node_->u.f);
      return node_->type == NX_INT ? static_cast<T>(node_->u.i) : otherwise;
    } else {  // std::string, std::string_view
      return node_->type == NX_STRING ? T(node_->u.s, node_->len) : otherwise;
    }
  }

 private:
  const nx_value* node_ = nullptr;
};

// Builds nodes whose memory it owns. Nodes stay where they are until the builder dies, also when
// the builder is moved.
class TreeArena {
 public:
  nx_value null() const { return nx_value{}; }
  nx_value boolean(bool b) const { return scalar(NX_BOOL, b ? 1 : 0); }
  nx_value integer(std::int64_t i) const { return scalar(NX_INT, i); }
  nx_value time_ms(std::int64_t i) const { return scalar(NX_TIME, i); }
  nx_value number(double d) const {
    nx_value v{};
    v.type = NX_FLOAT;
    v.u.f = d;
    return v;
  }
  nx_value string(std::string_view text) {
    nx_value v{};
    v.type = NX_STRING;
    v.len = static_cast<std::uint32_t>(text.size());
    v.u.s = copy(text).ptr;
    return v;
  }
  nx_value array(std::span<const nx_value> items) {
    nx_value v{};
    v.type = NX_ARRAY;
    v.len = static_cast<std::uint32_t>(items.size());
    v.u.items = keep(arrays_, items);
    return v;
  }
  // Keys must be from key(), or live as long as the arena.
  nx_value table(std::span<const nx_kv> entries) {
    nx_value v{};
    v.type = NX_TABLE;
    v.len = static_cast<std::uint32_t>(entries.size());
    v.u.entries = keep(tables_, entries);
    return v;
  }
  nx_kv entry(std::string_view key, nx_value value) { return {copy(key), value}; }
  // A deep copy of somebody else's tree.
  nx_value clone(const nx_value& from) {
    switch (from.type) {
      case NX_STRING:
        return with_flags(string(Value(&from).get<std::string_view>()), from.flags);
      case NX_ARRAY: {
        std::vector<nx_value> items;
        for (const nx_value& item : Value(&from).items()) items.push_back(clone(item));
        return with_flags(array(items), from.flags);
      }
      case NX_TABLE: {
        std::vector<nx_kv> entries;
        for (const nx_kv& e : Value(&from).entries()) {
          entries.push_back(entry(view(e.key), clone(e.value)));
        }
        return with_flags(table(entries), from.flags);
      }
      default:
        return from;
    }
  }

 private:
  static nx_value scalar(std::uint8_t type, std::int64_t i) {
    nx_value v{};
    v.type = type;
    v.u.i = i;
    return v;
  }
  // Flags say what is secret: a copy that lost them would be shown.
  static nx_value with_flags(nx_value v, std::uint8_t flags) {
    v.flags = flags;
    return v;
  }
  nx_str copy(std::string_view text) {
    auto& kept = texts_.emplace_back(std::make_unique<char[]>(text.size() + 1));
    if (!text.empty()) std::memcpy(kept.get(), text.data(), text.size());
    return {kept.get(), text.size()};
  }
  template <class T>
  static const T* keep(std::vector<std::unique_ptr<T[]>>& store, std::span<const T> items) {
    auto& kept = store.emplace_back(std::make_unique<T[]>(items.size()));
    std::copy(items.begin(), items.end(), kept.get());
    return kept.get();
  }

  std::vector<std::unique_ptr<char[]>> texts_;
  std::vector<std::unique_ptr<nx_value[]>> arrays_;
  std::vector<std::unique_ptr<nx_kv[]>> tables_;
};

}  // namespace narthex::sdk
