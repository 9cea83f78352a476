// SPDX-License-Identifier: Apache-2.0
// document.hpp - JSON, YAML and TOML read into one tree (nx_value) that remembers where every node
// and key stood. Boost.JSON, yaml-cpp and TOML++ live behind this header only.
//
// Refused, with file, line and column: duplicate keys, merge keys (<<), control bytes, bytes that
// are not UTF-8, more than 64 levels, alias bombs, more than 16 MiB. A Document is immutable and
// thread-safe.
//
// YAML scalars are typed as Go's yaml.v3 does for an untyped value: quoted ones are strings, and so
// are yes, no, on and off. Whoever wants text asks text().
#pragma once

#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::document {

enum class Format { kJson, kYaml, kToml };

struct Place {
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: unknown
  std::uint32_t column = 0;  // from 1, in bytes
};

// Something wrong at a place. Rendered by render(): "file:line:column: text", the line, a caret,
// and the hint.
struct Finding {
  Place place;
  std::string text;
  std::string hint;       // "did you mean \"scrape_interval\"?"; may be empty
  std::string line_text;  // the line it stands in; may be empty
  bool warning = false;
};
std::string render(const Finding& finding);
std::string render(const std::vector<Finding>& findings);

class Tree;  // tree.hpp

// A scalar as it is read: its NX_ type, and its text (strings: their content).
struct Scalar {
  int type = NX_NULL;
  std::string_view text;
};
// Asked for every scalar value while it is read (not for keys). What it returns takes the value's
// place as a string; nothing leaves it as it is; a failure is a finding at the value. `path` has
// the keys that lead to it, outermost first; positions in lists are left out.
using ScalarRewrite = std::function<Result<std::optional<std::string>>(
    std::span<const std::string_view> path, const Scalar& scalar)>;

class Document {
 public:
  // REQUIRES: a finished tree. Callers use parse().
  explicit Document(std::shared_ptr<const Tree> tree);
  // On failure `findings` has at least one more error and the pointer is null; on success it may
  // have more warnings. The first syntax error only; duplicate keys all at once. YAML: the first
  // document of a stream; an empty text is null.
  static std::shared_ptr<const Document> parse(Format format, std::string_view name,
                                               std::string_view text,
                                               std::vector<Finding>& findings,
                                               const ScalarRewrite& rewrite = nullptr);

  // A document about part of another one: its root is `table` without the entries of `dropped`.
  // Places stay known, also those of everything below.
  static std::shared_ptr<const Document> without(const std::shared_ptr<const Document>& base,
                                                 const nx_value& table,
                                                 std::span<const std::string_view> dropped);
  // A document whose root is a table of one entry: `key` with the value of `node`.
  static std::shared_ptr<const Document> wrap(const std::shared_ptr<const Document>& base,
                                              std::string_view key, const nx_value& node);

  const nx_value& root() const;
  const std::string& name() const;
  // Of a node of this tree: where its value begins. Unknown nodes: the file without a line.
  Place place(const nx_value* node) const;
  // Of an entry of one of its tables: where the key stands.
  Place key_place(const nx_kv* entry) const;
  std::string_view line_text(std::uint32_t line) const;
  // A finding about a node, or about a key.
  Finding finding(const nx_value* node, std::string text, std::string hint = {}) const;
  Finding key_finding(const nx_kv* entry, std::string text, std::string hint = {}) const;
  // YAML: the scalar was quoted (then it is text whatever it looks like).
  bool quoted(const nx_value* node) const;
  // Of a scalar: what it says as text. Strings: their content; numbers and the like: as written,
  // so that a label value `0123` or `1.0` stays what it was.
  std::string_view text(const nx_value* node) const;

 private:
  std::shared_ptr<const Tree> tree_;
};

// The candidate nearest to a misspelt name, or empty when none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

// Durations as Prometheus writes them: units y w d h m s ms, each at most once and in this order,
// or "0": "1h30m" -> ms. A year has 365 days. Messages are Prometheus's.
Result<std::int64_t> parse_duration_ms(std::string_view text);
// Sizes as Prometheus reads them: a number and B, KB ... EB or KiB ... EiB, both powers of 1024;
// "0" needs no unit. "64MiB" -> bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);
// The shortest exact form: 90'000 -> "1m30s"; 0 -> "0s".
std::string format_duration_ms(std::int64_t ms);
// As Prometheus prints sizes: 1536 -> "1KiB512B", 0 -> "0B".
std::string format_bytes(std::uint64_t bytes);

}  // namespace narthex::document
