// SPDX-License-Identifier: Apache-2.0
// tree.hpp - the memory of a Document, and the one way to fill it. Internal to this room.
//
// A node is found back by its address: arrays and tables are blocks in address order, and each
// block has one Where per node beside it. That is 8 bytes a node, and nothing is looked up while
// parsing. A Tree does not change once its builder has finished it.
#pragma once

#include "document/document.hpp"

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::document {

inline constexpr std::size_t kTextMaxBytes = std::size_t{16} << 20;
inline constexpr std::uint32_t kDepthMax = 64;
// What aliases may add to a document: nodes, and bytes of text in them.
inline constexpr std::uint64_t kAliasNodesMax = 400'000;
inline constexpr std::uint64_t kAliasBytesMax = std::uint64_t{64} << 20;

// A stretch of the text.
struct Where {
  std::uint32_t offset = 0;
  std::uint32_t length : 31 = 0;
  std::uint32_t quoted : 1 = 0;
};

// How much a subtree is once aliases are followed.
struct Weight {
  std::uint64_t nodes = 1;
  std::uint64_t bytes = 0;
  std::uint32_t height = 0;  // 0: a scalar
};

class Tree {
 public:
  Tree(std::string_view name, std::string_view text);
  // Part of another tree, with nodes of its own on top.
  explicit Tree(std::shared_ptr<const Tree> base) : base_(std::move(base)) {}

  std::string_view text() const { return base_ ? base_->text() : std::string_view(text_); }
  const std::string& name() const { return base_ ? base_->name() : name_; }
  const nx_value& root() const { return root_; }
  // Where a node's value or an entry's key stands; null when it is not of this tree.
  const Where* value_where(const nx_value* node) const;
  const Where* key_where(const nx_kv* entry) const;

  Place place(std::uint32_t offset) const;
  // Line and column from 1; column in code points when `points`, else bytes. Clamped to the text.
  std::uint32_t offset_of(std::uint32_t line, std::uint32_t column, bool points) const;
  std::string_view line_text(std::uint32_t line) const;
  Finding finding(std::uint32_t offset, std::string text, std::string hint = {}) const;

 private:
  friend class TreeBuilder;
  struct Block {
    const char* first = nullptr;
    const char* last = nullptr;  // one past the end
    bool table = false;
    const Where* values = nullptr;
    const Where* keys = nullptr;
  };
  const Block* block_of(const void* address) const;

  std::shared_ptr<const Tree> base_;
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
  std::pmr::monotonic_buffer_resource memory_{1024};
  std::vector<Block> blocks_;
  nx_value root_{};
  Where root_where_;
};

// Builds a tree in document order. Every function that returns bool says whether to go on; when it
// says no, findings has the reason.
class TreeBuilder {
 public:
  TreeBuilder(Tree& tree, std::vector<Finding>& findings, const ScalarRewrite* rewrite = nullptr);

  bool begin(bool table, Where where);
  // Ends the innermost array or table; `value` is what it became.
  bool end(nx_value& value, Weight& weight);
  bool key(std::string_view text, Where where);
  // Also rewrites (`value` is changed then). Not for aliases: what they name has been through it.
  bool add_scalar(nx_value& value, Where where);
  bool add(nx_value value, Where where, Weight weight = {});
  bool in_table() const { return !frames_.empty() && frames_.back().table; }
  bool expects_key() const { return in_table() && !frames_.back().has_key; }
  std::size_t depth() const { return frames_.size(); }

  nx_value string(std::string_view text);  // copied into the tree
  bool refuse(std::uint32_t offset, std::string text, std::string hint = {});  // always false
  // An error that does not end the parsing.
  void note(std::uint32_t offset, std::string text, std::string hint = {});
  // Closes the books. False when an error was found.
  bool finish();

 private:
  struct Pending {
    nx_kv entry{};
    Where key;
    Where value;
  };
  struct Frame {
    bool table = false;
    bool has_key = false;
    std::size_t first = 0;  // of its entries in pending_
    Where where;
    Weight weight;
  };
  std::vector<std::string_view> path() const;
  nx_value close_array(const Frame& frame);
  nx_value close_table(const Frame& frame);
  void check_duplicates(std::span<const Pending> entries);
  template <class T>
  T* room(std::size_t count);

  Tree& tree_;
  std::vector<Finding>& findings_;
  const ScalarRewrite* rewrite_;
  std::vector<Pending> pending_;
  std::vector<Frame> frames_;
  bool failed_ = false;
};

// The three parsers: fill the builder; false when they gave up (a finding says why).
bool parse_json(const Tree& tree, TreeBuilder& builder);
bool parse_yaml(const Tree& tree, TreeBuilder& builder, std::vector<Finding>& findings);
bool parse_toml(const Tree& tree, TreeBuilder& builder);

// The first byte that is not UTF-8, or is a control byte other than tab, newline and return; npos
// when all are good.
std::size_t first_bad_byte(std::string_view text);
// Appends a code point as UTF-8.
void append_utf8(std::string& out, std::uint32_t point);

// The value of a plain YAML scalar as Go's yaml.v3 resolves it; `text` must outlive the value when
// it stays a string (type NX_STRING, memory of `text`).
nx_value resolve_plain(std::string_view text);

}  // namespace narthex::document
