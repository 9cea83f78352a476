// SPDX-License-Identifier: Apache-2.0
// child_process.hpp - a process that runs this program for one plugin: `narthex plugin-host`. Lives
// on one thread at a time.
#pragma once

#include "host/call_box.hpp"
#include "host/process_link.hpp"

#include <sys/types.h>

#include <memory>
#include <string>

namespace narthex::host {

class ChildProcess {
 public:
  // The program, by its path; "/proc/self/exe" is the running one.
  static Result<std::unique_ptr<ChildProcess>> start(const std::string& program);
  ~ChildProcess();  // ends it

  // One question and its answer; `more` follows the body.
  Result<Envelope> ask(Message kind, std::string_view body, std::int64_t timeout_ms,
                       std::string_view more = {}) {
    return box_.ask(calls_, kind, body, timeout_ms, more);
  }
  // One that it is to begin at a time (call_box.hpp); its answer is told on the news.
  void ask_at(Message kind, std::string_view body, std::int64_t at_ns, std::int64_t next_ns) {
    box_.ask_at(kind, body, at_ns, next_ns);
  }
  bool withdraw() { return box_.withdraw(); }
  bool answered() const { return box_.answered(); }
  std::int64_t begun_ns() const { return box_.begun_ns(); }
  Result<Envelope> take_answer(std::int64_t timeout_ms) {
    return box_.take_answer(calls_, timeout_ms);
  }
  // What it says on its own.
  ProcessLink& news() { return news_; }
  pid_t pid() const { return pid_; }

  // Waits a moment for it to end by itself (a core takes time to write), then kills it. What became
  // of it: "was killed by SIGSEGV", "ended with status 3". Safe to repeat.
  std::string end(std::int64_t grace_ms);
  // The signal that it died of without being asked to; 0: none, or it lives.
  int died_of() const { return died_of_; }

 private:
  ChildProcess(pid_t pid, CallBox box, ProcessLink calls, ProcessLink news)
      : pid_(pid), box_(std::move(box)), calls_(std::move(calls)), news_(std::move(news)) {}

  const pid_t pid_;
  CallBox box_;
  ProcessLink calls_, news_;
  bool ended_ = false;
  int died_of_ = 0;
  std::string fate_;
};

}  // namespace narthex::host
