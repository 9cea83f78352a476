// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include <narthex/sdk/quote.hpp>

#include <algorithm>

namespace narthex::document {

namespace {

constexpr std::size_t kShownMax = 100;  // of a long line: a window around the caret

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The line with tabs as one blank, so that the caret below it stands right. Of a line that is no
// UTF-8 the bytes beyond ASCII show as question marks: findings are text.
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
  const bool is_text = sdk::is_utf8(line);
  out += "\n    ";
  for (const char c : line) {
    const bool shown = is_text || static_cast<unsigned char>(c) < 0x80;
    out += c == '\t' ? ' ' : (shown ? c : '?');
  }
  out += "\n    ";
  for (std::size_t i = 0; i < at; ++i) {
    if (!is_text || !is_continuation(line[i])) out += ' ';
  }
  out += '^';
}

// "http://user:password@host"
bool has_userinfo(std::string_view line) {
  for (std::size_t at = line.find("://"); at != std::string_view::npos; at = line.find("://", at)) {
    at += 3;
    const std::string_view authority = line.substr(at, line.find_first_of("/ \t\"'", at) - at);
    if (authority.find('@') != std::string_view::npos) return true;
  }
  return false;
}

// A line that sets a credential is not shown: findings end in logs.
bool hides_secret(std::string_view line) {
  if (has_userinfo(line)) return true;
  for (const std::string_view word : {"password", "secret", "token", "credential", "key"}) {
    for (std::size_t at = line.find(word); at != std::string_view::npos;
         at = line.find(word, at + 1)) {
      std::string_view rest = line.substr(at + word.size());
      if (rest.starts_with('s')) rest.remove_prefix(1);
      while (!rest.empty() && (rest[0] == '"' || rest[0] == '\'' || rest[0] == ' ')) {
        rest.remove_prefix(1);
      }
      if (rest.starts_with(':') || rest.starts_with('=')) return true;
    }
  }
  return false;
}

}  // namespace

std::string render(const Finding& finding) {
  const bool shown = !finding.line_text.empty() && !hides_secret(finding.line_text);
  std::string out = finding.place.file;
  if (finding.place.line != 0) {
    out += ':' + std::to_string(finding.place.line) + ':' + std::to_string(finding.place.column);
  }
  if (!out.empty()) out += ": ";
  if (finding.warning) out += "warning: ";
  out += finding.text;
  if (shown) append_line(out, finding.line_text, finding.place.column);
  if (!finding.hint.empty()) {
    out += shown ? " " : "\n    ";
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
