// SPDX-License-Identifier: Apache-2.0
#include "scrape/work_queue.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kMomentNs = 100'000'000;

}  // namespace

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

  bool begin_here() {
    const std::lock_guard lock(mutex);
    if (stopped || !tasks.empty() || running == concurrency) return false;
    const std::int64_t now_ns = executor.clock().mono_ns();
    if (now_ns - moment_ns >= kMomentNs) {
      moment_ns = now_ns;
      here_ns = 0;
    }
    if (here_ns > kMomentNs / 2) return false;
    ++running;
    return true;
  }

  // True: others came meanwhile and need a thread in this one's place.
  bool end_here(std::int64_t took_ns) {
    const std::lock_guard lock(mutex);
    here_ns += took_ns;
    if (!tasks.empty() && !stopped) return true;
    --running;
    idle.notify_all();
    return false;
  }

  void drain_on_worker() {
    executor.post(runtime::Pool::kWorker, [self = shared_from_this()] { self->drain(); });
  }

  runtime::Executor& executor;
  const std::size_t concurrency;
  std::mutex mutex;
  std::condition_variable idle;
  std::deque<runtime::Task> tasks;  // guarded by mutex, as all below
  std::size_t running = 0;
  bool stopped = false;
  std::int64_t moment_ns = 0;  // when this moment began
  std::int64_t here_ns = 0;    // what run_or_post() took of it
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
  state_->drain_on_worker();
}

void WorkQueue::run_or_post(runtime::Task task) {
  if (!state_->begin_here()) return post(std::move(task));
  const auto state = state_;  // the task may end this queue's owner
  const std::int64_t begun_ns = state->executor.clock().mono_ns();
  task();
  task = nullptr;
  if (state->end_here(state->executor.clock().mono_ns() - begun_ns)) state->drain_on_worker();
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
