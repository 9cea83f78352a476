// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include <algorithm>

namespace narthex::document {

namespace {

constexpr std::size_t kShownMax = 100;  // of a long line: a window around the caret

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The line with tabs as one blank, so that the caret below it stands right.
void append_line(std::string& out, std::string_view line, std::size_t column) {
  std::size_t at = std::min(column > 0 ? column - 1 : 0, line.size());
  if (line.size() > kShownMax) {
    std::size_t first = at > kShownMax / 2 ? at - kShownMax / 2 : 0;
    while (first > 0 && is_continuation(line[first])) --first;
    std::size_t last = std::min(first + kShownMax, line.size());
    while (last < line.size() && is_continuation(line[last])) ++last;
    line = line.substr(first, last - first);
    at -= first;
  }
  out += "\n    ";
  for (const char c : line) out += c == '\t' ? ' ' : c;
  out += "\n    ";
  for (std::size_t i = 0; i < at; ++i) {
    if (!is_continuation(line[i])) out += ' ';
  }
  out += '^';
}

}  // namespace

std::string render(const Finding& finding) {
  std::string out = finding.place.file;
  if (finding.place.line != 0) {
    out += ':' + std::to_string(finding.place.line) + ':' + std::to_string(finding.place.column);
  }
  if (!out.empty()) out += ": ";
  if (finding.warning) out += "warning: ";
  out += finding.text;
  if (!finding.line_text.empty()) append_line(out, finding.line_text, finding.place.column);
  if (!finding.hint.empty()) {
    out += finding.line_text.empty() ? "\n    " : " ";
    out += finding.hint;
  }
  return out;
}

std::string render(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    if (!out.empty()) out += '\n';
    out += render(finding);
  }
  return out;
}

}  // namespace narthex::document
