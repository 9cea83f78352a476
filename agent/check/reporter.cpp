// SPDX-License-Identifier: Apache-2.0
#include "check/reporter.hpp"

#include <unistd.h>

namespace narthex::check {
namespace {

constexpr std::size_t kTextMax = 2000;

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text.substr(0, kTextMax)) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
}

std::string_view cut(std::string_view& rest, char at) {
  const std::size_t end = rest.find(at);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace

void Reporter::line(char kind, std::string_view text, std::string_view more) {
  std::string out(1, kind);
  out += '\t';
  append_escaped(out, text);
  if (!more.empty()) append_escaped(out += '\t', more);
  out += '\n';
  std::string_view rest = out;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Reporter::find(std::string_view rule, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (seen_.size() >= kFindingsMax) return;
  if (!seen_.insert(std::string(rule) + ' ' + std::string(text)).second) return;
  line('F', rule, text);
}

bool Reporter::found() const {
  const std::lock_guard lock(mutex_);
  return !seen_.empty();
}

bool Reporter::read(std::string_view lines, Outcome& outcome) {
  bool ended = false;
  while (!lines.empty()) {
    std::string_view rest = cut(lines, '\n');
    const std::string_view kind = cut(rest, '\t');
    if (kind == "F") {
      const std::string_view rule = cut(rest, '\t');
      outcome.findings.push_back({std::string(rule), std::string(rest)});
    } else if (kind == "N") {
      outcome.notes.emplace_back(rest);
    } else if (kind == "S") {
      outcome.skipped = rest;
    } else if (kind == "E") {
      ended = true;
    }
  }
  return ended;
}

}  // namespace narthex::check
