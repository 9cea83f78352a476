// SPDX-License-Identifier: Apache-2.0
#include "regex/regex.hpp"

#include "regex/analysis.hpp"
#include "regex/template.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_set>

namespace narthex::regex {
namespace {

constexpr std::size_t kPatternMax = 64 << 10;
constexpr std::size_t kLiteralPatternMax = 1 << 20;
constexpr std::int64_t kProgramBytesMax = 8 << 20;
// Below this many literals comparing them all is faster than hashing the text.
constexpr std::size_t kHashedFrom = 12;

RE2::Options options() {
  RE2::Options o;
  o.set_dot_nl(true);
  o.set_log_errors(false);
  o.set_max_mem(kProgramBytesMax);
  return o;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

// Go nests no deeper.
constexpr int kDepthMax = 1'000;

Status syntax_error(std::string_view what, std::string_view fragment) {
  std::string message = "error parsing regexp: ";
  ((message += what) += ": `") += fragment;
  return invalid_argument(message + '`');
}

// Closes the gaps between the RE2 of Debian 12 and Go: `(?<name>` is spelt `(?P<name>`, `\C` and
// deep nesting are refused.
Result<std::string> translate(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest[0] == '\\' && rest.size() > 1) {
      if (rest[1] == 'Q') return std::string(pattern);
      if (rest[1] == 'C') return syntax_error("invalid escape sequence", rest.substr(0, 2));
      out += rest.substr(0, 2);
      ++i;
      continue;
    }
    out += rest[0];
    if (rest[0] == '[') in_class = true;
    if (rest[0] == ']') in_class = false;
    if (in_class) continue;
    if (rest[0] == ')') --depth;
    if (rest[0] == '(' && ++depth > kDepthMax) {
      return syntax_error("expression nests too deeply", pattern);
    }
    if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      out += "?P";
      ++i;
    }
  }
  return out;
}

// Go's name for what is wrong.
std::string_view go_text(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

Status failure(const RE2& re, std::string_view pattern) {
  std::string_view fragment = re.error_arg();
  switch (re.error_code()) {
    case RE2::ErrorTrailingBackslash:
      fragment = {};
      break;
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      fragment = pattern;
      break;
    default:
      break;
  }
  return syntax_error(go_text(re.error_code()), fragment);
}

}  // namespace

struct Regex::Impl {
  std::string pattern;
  Analysis analysis;
  Shape shape;
  std::unordered_set<std::string_view> hashed;  // of analysis.literals, when they are many
  bool matches_empty = false;

  // Made at once where matching needs it, on first need where only the groups of a match do.
  mutable std::once_flag re_once;
  mutable std::unique_ptr<const RE2> re;

  const RE2& program() const {
    std::call_once(re_once, [this] {
      if (re == nullptr) {
        re = std::make_unique<const RE2>(translate(pattern).value_or(pattern), options());
      }
    });
    return *re;
  }

  bool literal_matches(std::string_view text) const {
    if (!hashed.empty()) return hashed.contains(text);
    return std::find(analysis.literals.begin(), analysis.literals.end(), text) !=
           analysis.literals.end();
  }

  bool matches(std::string_view text) const {
    if (analysis.finite) return literal_matches(text);
    if (shape.known) return shape.matches(text);
    if (!text.starts_with(analysis.prefix)) return false;
    return RE2::FullMatch(piece(text), *re);
  }
};

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > kLiteralPatternMax) {
    return invalid_argument(
        "error parsing regexp: expression too large: " + std::to_string(pattern.size()) + " bytes");
  }
  auto impl = std::make_shared<Impl>();
  impl->pattern = pattern;
  impl->analysis = analyse(pattern);
  if (!impl->analysis.finite) impl->shape = shape_of(pattern);
  if (!impl->analysis.finite && !impl->shape.known) {
    if (pattern.size() > kPatternMax) {
      return invalid_argument("error parsing regexp: expression too large: " +
                              std::to_string(pattern.size()) + " bytes");
    }
    const Result<std::string> translated = translate(pattern);
    if (!translated.ok()) return translated.status();
    auto re = std::make_unique<const RE2>(*translated, options());
    if (!re->ok()) return failure(*re, pattern);
    impl->re = std::move(re);
  }
  if (impl->analysis.literals.size() >= kHashedFrom) {
    impl->hashed.insert(impl->analysis.literals.begin(), impl->analysis.literals.end());
  }
  if (impl->shape.known && impl->shape.before == Shape::Rest::kNothing) {
    impl->analysis.prefix = impl->shape.literal;
  }
  impl->matches_empty = impl->matches({});
  Regex regex;
  regex.impl_ = std::move(impl);
  return regex;
}

const std::string& Regex::pattern() const { return impl_->pattern; }

bool Regex::matches(std::string_view text) const { return impl_->matches(text); }

std::span<const std::string> Regex::literals() const { return impl_->analysis.literals; }

std::string_view Regex::prefix() const { return impl_->analysis.prefix; }

bool Regex::matches_empty() const { return impl_->matches_empty; }

bool Regex::matches_everything() const {
  const Shape& shape = impl_->shape;
  return shape.known && shape.literal.empty() && shape.before != Shape::Rest::kSome &&
         shape.after != Shape::Rest::kSome;
}

bool Regex::has_references(std::string_view replacement) {
  while (const auto next = next_piece(replacement)) {
    if (!next->name.empty()) return true;
  }
  return false;
}

namespace {

// The number of a group by its name; -1: there is none.
int group_of(const RE2& re, const Piece& reference) {
  if (reference.number >= 0) return reference.number;
  const auto& names = re.NamedCapturingGroups();
  const auto at = names.find(std::string(reference.name));
  return at != names.end() ? at->second : -1;
}

// Appends the replacement with groups[i] in place of its references.
template <class GroupNumber>
void append_expanded(std::string_view replacement, std::span<const re2::StringPiece> groups,
                     GroupNumber number, std::string& out) {
  while (const auto next = next_piece(replacement)) {
    if (next->name.empty()) {
      out += next->literal;
      continue;
    }
    const int group = number(*next);
    if (group < 0 || static_cast<std::size_t>(group) >= groups.size()) continue;
    const re2::StringPiece& found = groups[static_cast<std::size_t>(group)];
    out.append(found.data() != nullptr ? found.data() : "", found.size());
  }
}

// One more than the highest group that the replacement needs: matching costs by their number.
int groups_needed(const RE2& re, std::string_view replacement) {
  int highest = -1;
  while (const auto next = next_piece(replacement)) {
    if (!next->name.empty()) highest = std::max(highest, group_of(re, *next));
  }
  return std::min(highest, re.NumberOfCapturingGroups()) + 1;
}

}  // namespace

bool Regex::expand(std::string_view text, std::string_view replacement, std::string& out) const {
  const auto by_number = [](const Piece& reference) { return reference.number; };
  const Shape& shape = impl_->shape;
  if (!has_references(replacement)) {
    if (!matches(text)) return false;
    append_expanded(replacement, {}, by_number, out);
    return true;
  }
  if (shape.known && (shape.captured || shape.literal.empty())) {
    if (!shape.matches(text)) return false;
    const std::array<re2::StringPiece, 2> groups{piece(text), piece(text)};
    append_expanded(replacement, std::span(groups).first(shape.captured ? 2 : 1), by_number, out);
    return true;
  }
  // A quick no first; what matches is then matched again for its groups.
  if ((impl_->analysis.finite || shape.known) && !impl_->matches(text)) return false;
  if (!text.starts_with(impl_->analysis.prefix)) return false;
  const RE2& re = impl_->program();
  const int count = groups_needed(re, replacement);
  std::array<re2::StringPiece, 16> few;
  std::vector<re2::StringPiece> many;
  re2::StringPiece* groups = few.data();
  if (count > static_cast<int>(few.size())) {
    many.resize(static_cast<std::size_t>(count));
    groups = many.data();
  }
  if (!re.Match(piece(text), 0, text.size(), RE2::ANCHOR_BOTH, groups, count)) return false;
  append_expanded(
      replacement, std::span(groups, static_cast<std::size_t>(count)),
      [&re](const Piece& reference) { return group_of(re, reference); }, out);
  return true;
}

}  // namespace narthex::regex
