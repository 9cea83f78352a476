// SPDX-License-Identifier: Apache-2.0
// template.hpp - reads a replacement as Go's Regexp.Expand does: `$1`, `${1}`, `$name`, `$$`. A
// name is as long as letters, digits and '_' go: `$1x` is the group named "1x". Private to this
// room.
#pragma once

#include <optional>
#include <string_view>

namespace narthex::regex {

// A stretch of literal text, or a reference to a group.
struct Piece {
  std::string_view literal;  // when name is empty
  std::string_view name;
  int number = -1;  // of the group; -1: the name is no number
};

// The next piece of the replacement, whose front it takes off; nothing at its end.
std::optional<Piece> next_piece(std::string_view& replacement);

}  // namespace narthex::regex
