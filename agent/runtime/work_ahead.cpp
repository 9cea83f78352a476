// SPDX-License-Identifier: Apache-2.0
#include "runtime/work_ahead.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace narthex::runtime {

struct WorkAhead::State {
  enum class At { kIdle, kWanted, kRunning, kDone };

  explicit State(Task the_work) : work(std::move(the_work)) {}

  void run_posted() {
    {
      const std::lock_guard lock(mutex);
      posted = false;
    }
    run();
  }
  void run() {
    {
      const std::lock_guard lock(mutex);
      if (at != At::kWanted) return;
      at = At::kRunning;
    }
    work();
    const std::lock_guard lock(mutex);
    at = At::kDone;
    done.notify_one();
  }
  bool finish() {
    std::unique_lock lock(mutex);
    done.wait(lock, [this] { return at != At::kRunning; });
    return std::exchange(at, At::kIdle) == At::kDone;
  }

  const Task work;
  std::mutex mutex;
  std::condition_variable done;
  At at = At::kIdle;    // guarded by mutex
  bool posted = false;  // guarded by mutex: a task is on its way
};

WorkAhead::WorkAhead(Executor& executor, Task work)
    : state_(std::make_shared<State>(std::move(work))), executor_(executor) {}

WorkAhead::~WorkAhead() { state_->finish(); }

void WorkAhead::begin() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->at = State::At::kWanted;
    // One that has not begun will do: where all threads are busy, tasks must not pile up.
    if (std::exchange(state_->posted, true)) return;
  }
  executor_.post(Pool::kQuery, [state = state_] { state->run_posted(); });
}

bool WorkAhead::finish() { return state_->finish(); }

bool WorkAhead::is_running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->at == State::At::kRunning;
}

void WorkAhead::help() { state_->run(); }

}  // namespace narthex::runtime
