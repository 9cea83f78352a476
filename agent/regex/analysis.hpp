// SPDX-License-Identifier: Apache-2.0
// analysis.hpp - what can be said about an expression without running it. Private to this room.
// Pure. What the small parser behind it doesn't know (flags, escapes beyond the usual, \Q, ...)
// gives an empty answer, never a wrong one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace narthex::regex {

struct Analysis {
  // The expression matches exactly these texts: sorted, unique. Then its syntax is good, too.
  bool finite = false;
  std::vector<std::string> literals;
  std::string prefix;  // every match begins with it
};

// `pattern` is matched against the whole text, so a '^' in front and a '$' at the end say nothing.
Analysis analyse(std::string_view pattern);

// The forms ".*x", "x.+", ".*x.*" and so on, x being literal text; also ".*" and "(.*)" alone.
struct Shape {
  enum class Rest : unsigned char { kNothing, kAny, kSome };  // "", ".*", ".+"
  bool known = false;
  bool captured = false;  // "(.*)", "(.+)": group 1 is the whole text
  Rest before = Rest::kNothing;
  Rest after = Rest::kNothing;
  std::string literal;

  bool matches(std::string_view text) const;
};
Shape shape_of(std::string_view pattern);

}  // namespace narthex::regex
