// SPDX-License-Identifier: Apache-2.0
// lane_queue.hpp - a bounded queue in front of an executor's pool: at most so many jobs at once, at
// most so many waiting, the rest refused. A job that continues an answer goes first and is never
// refused. A thread that has done a job takes the next that waits, so that under load none
// sleeps and is woken for each. Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace narthex::net {

struct LaneQueueOptions {
  runtime::Pool pool = runtime::Pool::kWorker;
  int running_max = 1;
  std::size_t waiting_max = 256;
};

class LaneQueue : public std::enable_shared_from_this<LaneQueue> {
 public:
  LaneQueue(LaneQueueOptions options, runtime::Executor& executor)
      : options_(options), executor_(executor) {}

  // Jobs must not throw. False: it is full, or closed.
  bool submit(runtime::Task job);
  void resume(runtime::Task job);
  // Drops what waits; nothing begins from now on. Does not wait for what runs.
  void close();

 private:
  void start(runtime::Task job);
  void work(const std::shared_ptr<runtime::Task>& job);
  bool next(runtime::Task& job);

  const LaneQueueOptions options_;
  runtime::Executor& executor_;
  std::mutex mutex_;
  // Guarded by mutex_.
  int running_ = 0;
  bool closed_ = false;
  std::deque<runtime::Task> waiting_;
};

}  // namespace narthex::net
