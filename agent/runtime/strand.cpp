// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace narthex::runtime {
namespace {

// After so many tasks in a row a strand lets others of its pool go first.
constexpr int kTasksPerTurn = 64;

}  // namespace

struct Strand::State : std::enable_shared_from_this<Strand::State> {
  State(Executor& e, Pool p) : executor(e), pool(p) {}

  void schedule() {
    executor.post(pool, [self = shared_from_this()] { self->turn(); });
  }

  void turn() {
    for (int i = 0; i < kTasksPerTurn; ++i) {
      if (!run_one()) return;
    }
    schedule();  // `scheduled` stays set
  }

  // False once the queue is empty.
  bool run_one() {
    Task task;
    {
      const std::lock_guard lock(mutex);
      if (queue.empty()) {
        scheduled = false;
        return false;
      }
      task = std::move(queue.front());
      queue.pop_front();
      runner = std::this_thread::get_id();
    }
    task();
    task = nullptr;  // what it held dies before close() may return
    {
      const std::lock_guard lock(mutex);
      runner = {};
    }
    idle.notify_all();
    return true;
  }

  Executor& executor;
  const Pool pool;
  std::mutex mutex;
  std::condition_variable idle;
  // Guarded by mutex.
  std::deque<Task> queue;
  bool scheduled = false;  // a turn is posted or running
  bool closed = false;
  std::thread::id runner;  // of the running task
};

Strand::Strand(Executor& executor, Pool pool) : state_(std::make_shared<State>(executor, pool)) {}

Strand::~Strand() { close(); }

void Strand::post(Task task) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->closed) return;
    state_->queue.push_back(std::move(task));
    if (std::exchange(state_->scheduled, true)) return;
  }
  state_->schedule();
}

void Strand::close() {
  std::deque<Task> dropped;  // dies after the lock
  std::unique_lock lock(state_->mutex);
  state_->closed = true;
  dropped.swap(state_->queue);
  if (state_->runner == std::this_thread::get_id()) return;
  state_->idle.wait(lock, [this] { return state_->runner == std::thread::id(); });
}

}  // namespace narthex::runtime
