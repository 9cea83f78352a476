// SPDX-License-Identifier: Apache-2.0
#include "regex/analysis.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace narthex::regex {
namespace {

// Bounds of what [abc][def]... may multiply to, of all bytes written while multiplying, and of
// nesting.
constexpr std::size_t kProductMax = 1'000;
constexpr std::size_t kWorkMax = 4 << 20;
constexpr int kDepthMax = 100;

// What one part of the expression matches: exactly `texts` when finite, else something that begins
// with `prefix`.
struct Part {
  bool finite = true;
  std::vector<std::string> texts;
  std::string prefix;
};

Part anything() { return {false, {}, {}}; }
Part one(std::string text) { return {true, {std::move(text)}, {}}; }

void shorten_to_common(std::string& prefix, std::string_view other) {
  const auto end = std::mismatch(prefix.begin(), prefix.end(), other.begin(), other.end()).first;
  prefix.erase(end, prefix.end());
}

std::string prefix_of(const Part& part) {
  if (!part.finite) return part.prefix;
  if (part.texts.empty()) return {};
  std::string prefix = part.texts.front();
  for (const std::string& text : part.texts) shorten_to_common(prefix, text);
  return prefix;
}

void sort_unique(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

// The bytes of the UTF-8 character at the front of text; 0: there is none.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80                   ? 1
                           : lead >= 0xC2 && lead < 0xE0 ? 2
                           : (lead & 0xF0) == 0xE0       ? 3
                           : lead >= 0xF0 && lead < 0xF5 ? 4
                                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((text[i] & 0xC0) != 0x80) return 0;
  }
  return size;
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Recursive descent over the common part of the syntax. An empty optional: outside of it.
class Parser {
 public:
  explicit Parser(std::string_view pattern) : rest_(pattern) {}

  std::optional<Part> parse() {
    std::optional<Part> all = alternation(0);
    if (!all || !rest_.empty()) return std::nullopt;
    return all;
  }

 private:
  std::optional<Part> alternation(int depth) {
    Part all;
    bool first = true;
    do {
      std::optional<Part> branch = concatenation(depth);
      if (!branch) return std::nullopt;
      if (first) {
        all = *std::move(branch);
      } else if (all.finite && branch->finite) {
        for (std::string& text : branch->texts) all.texts.push_back(std::move(text));
      } else {
        std::string prefix = prefix_of(all);
        shorten_to_common(prefix, prefix_of(*branch));
        all = {false, {}, std::move(prefix)};
      }
      first = false;
    } while (take('|'));
    return all;
  }

  std::optional<Part> concatenation(int depth) {
    Part all = one({});
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      std::optional<Part> part = atom(depth);
      if (!part || !quantify(*part)) return std::nullopt;
      append(all, *std::move(part));
      if (work_ > kWorkMax) return std::nullopt;
    }
    return all;
  }

  // `left` followed by `right`, into left.
  void append(Part& left, Part right) {
    if (!left.finite) return;
    if (right.finite && right.texts.size() == 1) {
      for (std::string& text : left.texts) text += right.texts.front();
      work_ += left.texts.size() * right.texts.front().size();
    } else if (right.finite && left.texts.size() == 1 && left.texts.front().empty()) {
      left = std::move(right);
    } else if (right.finite &&
               (left.texts.size() == 1 || left.texts.size() * right.texts.size() <= kProductMax)) {
      multiply(left, right);
    } else {
      std::string prefix = prefix_of(left);
      if (left.texts.size() == 1) prefix += prefix_of(right);
      left = {false, {}, std::move(prefix)};
    }
  }

  void multiply(Part& left, const Part& right) {
    std::vector<std::string> texts;
    texts.reserve(left.texts.size() * right.texts.size());
    for (const std::string& l : left.texts) {
      for (const std::string& r : right.texts) {
        work_ += l.size() + r.size();
        if (work_ <= kWorkMax) texts.push_back(l + r);
      }
    }
    sort_unique(texts);
    left.texts = std::move(texts);
  }

  std::optional<Part> atom(int depth) {
    switch (rest_[0]) {
      case '(':
        return group(depth);
      case '[':
        return character_class();
      case '\\':
        return escape();
      case '.':
        rest_.remove_prefix(1);
        return anything();
      case '*':
      case '+':
      case '?':
      case '{':
      case '^':
      case '$':
        return std::nullopt;
      default:
        break;
    }
    const std::size_t size = character_size(rest_);
    if (size == 0) return std::nullopt;
    return one(std::string(take_bytes(size)));
  }

  // Applies the quantifier that follows, if one does. False: one too many, or a counted one.
  bool quantify(Part& part) {
    if (rest_.empty()) return true;
    const char quantifier = rest_[0];
    if (quantifier == '{') return false;
    if (quantifier != '*' && quantifier != '+' && quantifier != '?') return true;
    rest_.remove_prefix(1);
    take('?');  // lazy: the same texts
    if (!rest_.empty() && std::string_view("*+?{").find(rest_[0]) != std::string_view::npos) {
      return false;
    }
    if (quantifier == '?' && part.finite) {
      part.texts.emplace_back();
      sort_unique(part.texts);
    } else if (quantifier == '+') {
      part = {false, {}, prefix_of(part)};
    } else {
      part = anything();
    }
    return true;
  }

  std::optional<Part> group(int depth) {
    if (depth == kDepthMax) return std::nullopt;
    rest_.remove_prefix(1);
    if (take('?') && !group_opening()) return std::nullopt;
    std::optional<Part> inside = alternation(depth + 1);
    if (!inside || !take(')')) return std::nullopt;
    if (inside->finite) sort_unique(inside->texts);
    return inside;
  }

  // After "(?": one of ":", "P<name>", "<name>".
  bool group_opening() {
    if (take(':')) return true;
    take('P');
    if (!take('<')) return false;
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name);
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    if (size == 0) return false;
    names_.emplace_back(take_bytes(size));
    // RE2 refuses a name that comes twice; let it say so.
    return take('>') && std::count(names_.begin(), names_.end(), names_.back()) == 1;
  }

  std::optional<Part> escape() {
    if (rest_.size() < 2) return std::nullopt;
    const char c = rest_[1];
    if (std::string_view("dDwWsS").find(c) != std::string_view::npos) {
      rest_.remove_prefix(2);
      return anything();
    }
    const std::optional<char> literal = escaped(c);
    if (!literal) return std::nullopt;
    rest_.remove_prefix(2);
    return one(std::string(1, *literal));
  }

  static std::optional<char> escaped(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      case 'a':
        return '\a';
      default:
        break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || is_name(c)) return std::nullopt;
    return c;
  }

  // "[abc]", "[a-f0-9]" of ASCII; negated or with "\d" inside it is anything. "[[:alpha:]]" and
  // other alphabets are outside of what this parser knows.
  std::optional<Part> character_class() {
    rest_.remove_prefix(1);
    const bool negated = take('^');
    bool open = negated;
    Part part{true, {}, {}};
    for (bool first = true; first || rest_.empty() || rest_[0] != ']'; first = false) {
      if (rest_.empty() || rest_[0] == '[') return std::nullopt;
      if (rest_.size() > 1 && rest_[0] == '\\' &&
          std::string_view("dDwWsS").find(rest_[1]) != std::string_view::npos) {
        rest_.remove_prefix(2);
        open = true;
        continue;
      }
      const std::optional<char> low = class_character();
      if (!low) return std::nullopt;
      char high = *low;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        const std::optional<char> end = class_character();
        if (!end || *end < *low) return std::nullopt;
        high = *end;
      }
      for (int c = *low; c <= high; ++c) part.texts.emplace_back(1, static_cast<char>(c));
    }
    rest_.remove_prefix(1);
    if (open) return anything();
    sort_unique(part.texts);
    return part;
  }

  std::optional<char> class_character() {
    if (rest_.empty()) return std::nullopt;
    const char c = rest_[0];
    if (c == '\\') {
      if (rest_.size() < 2) return std::nullopt;
      const std::optional<char> literal = escaped(rest_[1]);
      rest_.remove_prefix(2);
      return literal;
    }
    // A '-' in the middle of a class is an error to some and a character to others.
    if (static_cast<unsigned char>(c) >= 0x80 || c == '-' || c == '[') return std::nullopt;
    rest_.remove_prefix(1);
    return c;
  }

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view take_bytes(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  std::vector<std::string> names_;
  std::size_t work_ = 0;  // bytes written by append()
};

bool ends_with_unescaped(std::string_view text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  std::size_t slashes = 0;
  for (std::size_t i = text.size() - end.size(); i > 0 && text[i - 1] == '\\'; --i) ++slashes;
  return slashes % 2 == 0;
}

std::string_view without_anchors(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (ends_with_unescaped(pattern, "$")) pattern.remove_suffix(1);
  return pattern;
}

Shape::Rest take_front(std::string_view& pattern) {
  if (!pattern.starts_with(".*") && !pattern.starts_with(".+")) return Shape::Rest::kNothing;
  const Shape::Rest rest = pattern[1] == '*' ? Shape::Rest::kAny : Shape::Rest::kSome;
  pattern.remove_prefix(2);
  return rest;
}

Shape::Rest take_back(std::string_view& pattern) {
  if (!ends_with_unescaped(pattern, ".*") && !ends_with_unescaped(pattern, ".+")) {
    return Shape::Rest::kNothing;
  }
  const Shape::Rest rest = pattern.back() == '*' ? Shape::Rest::kAny : Shape::Rest::kSome;
  pattern.remove_suffix(2);
  return rest;
}

}  // namespace

Analysis analyse(std::string_view pattern) {
  std::optional<Part> part = Parser(without_anchors(pattern)).parse();
  if (!part) return {};
  Analysis analysis;
  analysis.prefix = prefix_of(*part);
  analysis.finite = part->finite;
  if (part->finite) {
    sort_unique(part->texts);
    analysis.literals = std::move(part->texts);
  }
  return analysis;
}

Shape shape_of(std::string_view pattern) {
  pattern = without_anchors(pattern);
  Shape shape;
  if (pattern == "(.*)" || pattern == "(.+)") {
    shape.captured = true;
    pattern = pattern.substr(1, 2);
  }
  shape.before = take_front(pattern);
  shape.after = take_back(pattern);
  const bool open_before = shape.before != Shape::Rest::kNothing;
  const bool open_after = shape.after != Shape::Rest::kNothing;
  if (!open_before && !open_after) return {};
  if (pattern.empty() && open_before && open_after) return {};
  // Behind ".*" a '?' would make it lazy, and a '|' would make the ends belong to other branches.
  if (pattern.find_first_of("()|?*+{}[].^$") != std::string_view::npos) return {};
  Analysis middle = analyse(pattern);
  if (!middle.finite || middle.literals.size() != 1) return {};
  shape.known = true;
  shape.literal = std::move(middle.literals.front());
  return shape;
}

bool Shape::matches(std::string_view text) const {
  const std::size_t size = literal.size();
  const std::size_t before_min = before == Rest::kSome ? 1 : 0;
  const std::size_t after_min = after == Rest::kSome ? 1 : 0;
  if (text.size() < before_min + size + after_min) return false;
  if (before == Rest::kNothing) return text.starts_with(literal);
  if (after == Rest::kNothing) return text.ends_with(literal);
  const std::size_t at = text.find(literal, before_min);
  return at != std::string_view::npos && at + size + after_min <= text.size();
}

}  // namespace narthex::regex
