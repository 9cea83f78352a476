// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/replacement.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <vector>

namespace narthex::function_promql {

namespace {

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_dot_nl(true);
  out.set_log_errors(false);
  return out;
}

bool is_name_part(char c) {
  return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// Reads a group's name behind '$'; empty when what stands there is none. Moves at behind it.
std::string_view take_name(std::string_view text, std::size_t& at) {
  const bool braces = at < text.size() && text[at] == '{';
  const std::size_t first = at + (braces ? 1 : 0);
  std::size_t last = first;
  while (last < text.size() && is_name_part(text[last])) ++last;
  if (last == first || (braces && (last >= text.size() || text[last] != '}'))) return {};
  at = last + (braces ? 1 : 0);
  return text.substr(first, last - first);
}

}  // namespace

struct Replacement::Impl {
  Impl(std::string_view regex, std::string_view with)
      : expression(re2::StringPiece(regex.data(), regex.size()), options()), replacement(with) {}

  // The number of a group; -1 when there is none.
  int group(std::string_view name) const {
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return name.size() > 4 ? -1 : std::stoi(std::string(name));
    }
    const auto& groups = expression.NamedCapturingGroups();
    const auto at = groups.find(std::string(name));
    return at != groups.end() ? at->second : -1;
  }

  re2::RE2 expression;
  std::string replacement;
};

Replacement::Replacement(std::string_view regex, std::string_view replacement)
    : impl_(std::make_unique<Impl>(regex, replacement)) {}
Replacement::~Replacement() = default;

bool Replacement::ok() const { return impl_->expression.ok(); }

std::optional<std::string> Replacement::apply(std::string_view text) const {
  std::vector<re2::StringPiece> groups(
      static_cast<std::size_t>(impl_->expression.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece piece(text.data(), text.size());
  if (!impl_->expression.Match(piece, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                               static_cast<int>(groups.size()))) {
    return std::nullopt;
  }
  std::string out;
  const std::string_view with = impl_->replacement;
  for (std::size_t at = 0; at < with.size();) {
    if (with[at] != '$') {
      out += with[at++];
      continue;
    }
    if (at + 1 < with.size() && with[at + 1] == '$') {
      out += '$';
      at += 2;
      continue;
    }
    std::size_t behind = at + 1;
    const std::string_view name = take_name(with, behind);
    if (name.empty()) {
      out += with[at++];  // a lone '$' stands for itself
      continue;
    }
    const int group = impl_->group(name);
    if (group >= 0 && static_cast<std::size_t>(group) < groups.size()) {
      const re2::StringPiece& found = groups[static_cast<std::size_t>(group)];
      out.append(found.data(), found.size());
    }
    at = behind;
  }
  return out;
}

}  // namespace narthex::function_promql
