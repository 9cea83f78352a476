// SPDX-License-Identifier: Apache-2.0
#include "scrape/work_queue.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace narthex::scrape {

struct WorkQueue::State : std::enable_shared_from_this<WorkQueue::State> {
  State(runtime::Executor& e, std::size_t c) : executor(e), concurrency(c) {}

  // Runs tasks until there are none.
  void drain() {
    std::unique_lock lock(mutex);
    while (!tasks.empty() && !stopped) {
      runtime::Task task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what it holds dies outside of the lock
      lock.lock();
    }
    --running;
    idle.notify_all();
  }

  runtime::Executor& executor;
  const std::size_t concurrency;
  std::mutex mutex;
  std::condition_variable idle;
  std::deque<runtime::Task> tasks;  // guarded by mutex, as all below
  std::size_t running = 0;
  bool stopped = false;
};

WorkQueue::WorkQueue(runtime::Executor& executor, std::size_t concurrency)
    : state_(std::make_shared<State>(executor, std::max<std::size_t>(concurrency, 1))) {}

WorkQueue::~WorkQueue() { stop(0); }

void WorkQueue::post(runtime::Task task) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;
    state_->tasks.push_back(std::move(task));
    if (state_->running == state_->concurrency) return;
    ++state_->running;
  }
  state_->executor.post(runtime::Pool::kWorker, [state = state_] { state->drain(); });
}

void WorkQueue::stop(std::int64_t deadline_mono_ns) {
  std::deque<runtime::Task> dropped;
  std::unique_lock lock(state_->mutex);
  state_->stopped = true;
  dropped.swap(state_->tasks);
  const std::int64_t left_ns = deadline_mono_ns - state_->executor.clock().mono_ns();
  if (left_ns > 0) {
    state_->idle.wait_for(lock, std::chrono::nanoseconds(left_ns),
                          [&] { return state_->running == 0; });
  }
  lock.unlock();
}

}  // namespace narthex::scrape
