// SPDX-License-Identifier: Apache-2.0
// lane_queue.hpp - a bounded queue in front of an executor's pool: at most so many jobs at once, at
// most so many waiting, the rest refused. A job that continues an answer goes first and is never
// refused. Lives on the strand of the server.
#pragma once

#include "runtime/executor.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

namespace narthex::net {

struct LaneQueueOptions {
  runtime::Pool pool = runtime::Pool::kWorker;
  int running_max = 1;
  std::size_t waiting_max = 256;
};

class LaneQueue : public std::enable_shared_from_this<LaneQueue> {
 public:
  using OnStrand = std::function<void(runtime::Task)>;
  // on_strand runs a task on the server's strand, from any thread.
  LaneQueue(LaneQueueOptions options, runtime::Executor& executor, OnStrand on_strand)
      : options_(options), executor_(executor), on_strand_(std::move(on_strand)) {}

  bool submit(runtime::Task job);
  void resume(runtime::Task job);
  int running() const { return running_; }
  bool idle() const { return running_ == 0 && waiting_.empty(); }

 private:
  void start(runtime::Task job);
  void on_done();

  const LaneQueueOptions options_;
  runtime::Executor& executor_;
  const OnStrand on_strand_;
  int running_ = 0;
  std::deque<runtime::Task> waiting_;
};

}  // namespace narthex::net
