// SPDX-License-Identifier: Apache-2.0
// thread.hpp - a named thread with a small stack. Threads of the agent are made here only: stacks
// of the default 8 MiB would make the address space, and with it the core dumps, needlessly large.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <string>

namespace narthex::runtime {

// What thread_kind() answers on a thread; NX_THREAD_FOREIGN where nobody has said anything.
int this_thread_kind() noexcept;
void set_this_thread_kind(int kind) noexcept;

// Signal handlers of this thread run on a stack of their own from now on, so that one can still say
// that the ordinary one has run over. Threads made below have it from their start.
void give_this_thread_a_signal_stack();

struct ThreadOptions {
  std::string name;  // at most 15 bytes are shown
  std::size_t stack_bytes = 256 * 1024;
  int kind = 0;  // NX_THREAD_*
};

// Joins when it dies. Move-only. start() gives an empty one when the system refuses a thread.
class Thread {
 public:
  Thread() = default;
  static Thread start(const ThreadOptions& options, std::function<void()> body);
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  explicit operator bool() const noexcept { return joinable_; }
  bool is_this_thread() const noexcept;
  void join();

 private:
  pthread_t handle_{};
  bool joinable_ = false;
};

}  // namespace narthex::runtime
