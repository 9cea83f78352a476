// SPDX-License-Identifier: Apache-2.0
// process_state.hpp - what a plugin must leave as it was: signal handlers, working directory, mask,
// locale, environment, open files, threads. A snapshot of this process, and the difference of two.
#pragma once

#include "check/reporter.hpp"

#include <csignal>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace narthex::check {

class ProcessState {
 public:
  static ProcessState now();
  // Reports what has changed since `before` as changes made by `who`. Threads and files are left to
  // the two functions below unless `all` is set.
  void compare(const ProcessState& before, const std::string& who, bool all, const char* files_rule,
               Reporter& report) const;

  // "fd 5 (socket:[123])" for what is open now and was not.
  std::string new_files(const ProcessState& before) const;

 private:
  std::vector<std::uintptr_t> handlers_;
  std::string folder_, locale_, environment_;
  unsigned mask_ = 0;
  std::map<int, std::string> files_;
  std::set<std::string> threads_;
};

// Once a process: makes a thread and waits until it has left the list. What runs a process may
// start a thread of its own with the first one, as sanitizers do; it is no plugin's.
void start_runtime_threads();
std::size_t thread_count();
// Waits until the process has no more threads than `count`, since a joined thread takes a moment to
// leave the list; false after a second.
bool threads_come_down_to(std::size_t count);

}  // namespace narthex::check
