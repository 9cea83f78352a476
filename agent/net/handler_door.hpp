// SPDX-License-Identifier: Apache-2.0
// handler_door.hpp - all that a handler's thread holds of the server: the way to its strand, and
// its place among the calls that stop() waits for. A thread that answers later, or keeps a stream
// of events, may outlive the server and its io_context; the door is closed by then and leads
// nowhere. Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace narthex::net {

class HandlerDoor : public std::enable_shared_from_this<HandlerDoor> {
 public:
  using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  explicit HandlerDoor(Strand strand) : strand_(std::move(strand)) {}

  // Runs the task on the strand; drops it once the door is closed, and says so with false.
  bool on_strand(runtime::Task task) {
    const std::lock_guard lock(mutex_);
    if (strand_) boost::asio::post(*strand_, std::move(task));
    return strand_.has_value();
  }
  // Nothing reaches the strand from now on, nor its io_context.
  void close() {
    const std::lock_guard lock(mutex_);
    strand_.reset();
  }

  // Counts a call until the last copy of what this returns is gone.
  std::shared_ptr<void> count_call() {
    const std::lock_guard lock(mutex_);
    ++calls_;
    return {nullptr, [self = shared_from_this()](void*) {
              const std::lock_guard leaving(self->mutex_);
              --self->calls_;
              self->progress_.notify_all();
            }};
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // Something that wait() looks at has changed.
  void note_progress() {
    const std::lock_guard lock(mutex_);
    progress_.notify_all();
  }
  // Until no call is left and `rest` holds; false when the time is over.
  template <class Condition>
  bool wait(std::chrono::nanoseconds time, Condition rest) {
    std::unique_lock lock(mutex_);
    return progress_.wait_for(lock, time, [&] { return calls_ == 0 && rest(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable progress_;
  std::optional<Strand> strand_;
  int calls_ = 0;
};

}  // namespace narthex::net
