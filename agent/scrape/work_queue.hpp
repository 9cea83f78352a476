// SPDX-License-Identifier: Apache-2.0
// work_queue.hpp - runs storing work on the worker pool, at most as many at once as there are
// cores: a thousand targets that answer at the same moment need no thousand threads. The queue is
// bounded by its users: a loop has at most one task in it. Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace narthex::scrape {

class WorkQueue {
 public:
  WorkQueue(runtime::Executor& executor, std::size_t concurrency);
  ~WorkQueue();

  void post(runtime::Task task);
  // Runs task on this thread, which may block, as one of those at once: what a thread has just read
  // is in the caches of its core, and no other has to be woken. Where others wait, or this has
  // taken half of the last moments already, it is post().
  void run_or_post(runtime::Task task);
  // Drops what has not begun and waits, until the deadline, for what has. Later tasks are dropped.
  void stop(std::int64_t deadline_mono_ns);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace narthex::scrape
