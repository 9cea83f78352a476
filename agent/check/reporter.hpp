// SPDX-License-Identifier: Apache-2.0
// reporter.hpp - how a check in a child process tells what it found. Every line is written to the
// parent at once, so that a crash afterwards loses nothing. Thread-safe.
//
//   line = kind TAB text [TAB text] NEWLINE      kinds: F rule text, N note, S reason, E (the end)
#pragma once

#include "check/finding.hpp"

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace narthex::check {

class Reporter {
 public:
  // `fd` is a pipe's end and stays the caller's.
  explicit Reporter(int fd) : fd_(fd) {}

  // The same finding again is left out, and more than kFindingsMax are.
  void find(std::string_view rule, std::string_view text);
  void note(std::string_view text) { line('N', text); }
  void skip(std::string_view reason) { line('S', reason); }
  void end() { line('E', {}); }
  bool found() const;
  int fd() const { return fd_; }

  // Reads such lines into an outcome; true when the end was among them.
  static bool read(std::string_view lines, Outcome& outcome);

 private:
  static constexpr std::size_t kFindingsMax = 12;
  void line(char kind, std::string_view text, std::string_view more = {});

  const int fd_;
  mutable std::mutex mutex_;
  std::set<std::string> seen_;  // guarded by mutex_
};

}  // namespace narthex::check
