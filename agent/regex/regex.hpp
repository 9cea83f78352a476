// SPDX-License-Identifier: Apache-2.0
// regex.hpp - Prometheus's regular expressions: RE2 syntax, anchored at both ends, '.' matches
// newline. RE2 lives behind this header only. Immutable and thread-safe after compile().
//
// What the expression is made of is known without running it: a list of literal alternatives, a
// literal prefix, whether it matches everything or the empty text. Matching uses that first, and an
// expression of literals builds no automaton at all.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::regex {

class Regex {
 public:
  // Pattern at most 1 MiB when it is an alternation of literals, else 64 KiB, program bounded
  // (8 MiB). The message is Go's where it has one: "error parsing regexp: missing closing ): `(a`".
  static Result<Regex> compile(std::string_view pattern);

  const std::string& pattern() const;
  bool matches(std::string_view text) const;
  // Matches and expands `$1`, `${name}`, `$$` in replacement, as Go's Regexp.Expand does; appends
  // to out. False when text does not match; out is untouched then.
  bool expand(std::string_view text, std::string_view replacement, std::string& out) const;
  // Whether replacement refers to a group, so that expand() needs the match.
  static bool has_references(std::string_view replacement);

  // When the expression is a finite alternation of literals ("a|b", "a[12]", "x(y|z)?"): they,
  // sorted and unique. Character classes and groups multiply to at most 1,000.
  std::span<const std::string> literals() const;
  std::string_view prefix() const;  // literal start of every match; may be empty
  bool matches_empty() const;
  bool matches_everything() const;  // ".*"

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace narthex::regex
