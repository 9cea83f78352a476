// SPDX-License-Identifier: Apache-2.0
// executor.hpp - where work runs: three pools and a timer queue behind one seam, so that tests can
// run everything by hand on one thread (tests/support/manual_executor.hpp).
//
// Pools:   kIo      event loop threads; a task must not block
//          kWorker  tasks that may block
//          kQuery   tasks that compute. Threads of both are made on demand and leave when idle.
// Threads: everything is thread-safe. Tasks must not throw.
#pragma once

#include "runtime/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace narthex::runtime {

using Task = std::function<void()>;
enum class Pool { kIo, kWorker, kQuery };

// A pending task; move-only. Destroying or cancelling it means: if the task has not begun, it never
// runs. It says nothing about one that is running now.
class Timer {
 public:
  class Impl {
   public:
    virtual ~Impl() = default;
    virtual void cancel() = 0;
  };
  Timer() = default;
  explicit Timer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  Timer(Timer&&) = default;
  Timer& operator=(Timer&& other) {
    cancel();
    impl_ = std::move(other.impl_);
    return *this;
  }
  ~Timer() { cancel(); }
  void cancel() {
    if (impl_ != nullptr) impl_->cancel();
    impl_.reset();
  }

 private:
  std::shared_ptr<Impl> impl_;
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual const Clock& clock() const = 0;
  // Runs task soon, never inside this call.
  virtual void post(Pool pool, Task task) = 0;
  // For a task of that pool which is about to return: its thread may run the new one then, which
  // wakes no other. From anywhere else it is post().
  virtual void post_next(Pool pool, Task task) { post(pool, std::move(task)); }
  // Runs task on the pool once clock().mono_ns() has reached mono_ns.
  [[nodiscard]] virtual Timer at(std::int64_t mono_ns, Pool pool, Task task) = 0;

  [[nodiscard]] Timer after(std::int64_t delay_ms, Pool pool, Task task) {
    return at(clock().mono_ns() + delay_ms * 1'000'000, pool, std::move(task));
  }
};

// Runs tasks of one owner one after the other, in order, on a pool. close() drops what has not
// begun and waits for a running task unless it is called from it; what is posted later is dropped.
// The executor must outlive the strand.
class Strand {
 public:
  Strand(Executor& executor, Pool pool);
  ~Strand();  // closes
  void post(Task task);
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace narthex::runtime
