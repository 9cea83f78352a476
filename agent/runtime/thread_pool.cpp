// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread_pool.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace narthex::runtime {

ThreadPool::ThreadPool(ThreadPoolOptions options) : options_(std::move(options)) {}

thread_local ThreadPool::Worker* ThreadPool::here_ = nullptr;

void ThreadPool::post(Task task) {
  ThreadList joined;  // joins after the lock
  std::shared_ptr<Worker> woken;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    joined.swap(finished_);
    if (!idle_.empty()) {
      woken = std::move(idle_.back());
      idle_.pop_back();
      woken->task = std::move(task);
    } else if (running_.size() < options_.threads_max) {
      start_thread(std::move(task));
    } else {
      queue_.push_back(std::move(task));
    }
  }
  if (woken != nullptr) woken->wake.notify_one();
}

void ThreadPool::post_next(Task task) {
  if (here_ == nullptr || &here_->pool != this || here_->next != nullptr) {
    return post(std::move(task));
  }
  here_->next = std::move(task);
}

// REQUIRES: mutex_ is held; the new thread's first wish is that lock too, so it finds `self` set.
void ThreadPool::start_thread(Task task) {
  const auto self = running_.emplace(running_.end());
  // Held apart from the thread's own function, which lives as long as the thread: what the task
  // captured is to go when the task is done.
  const auto first = std::make_shared<Task>(std::move(task));
  *self = Thread::start(options_.thread,
                        [this, self, first] { work(self, std::exchange(*first, nullptr)); });
  if (*self) return;
  // The system has no more threads: those that exist will come to it.
  running_.erase(self);
  queue_.push_back(std::move(*first));
}

void ThreadPool::work(ThreadList::iterator self, Task task) {
  const auto worker = std::make_shared<Worker>(*this);
  here_ = worker.get();
  worker->task = std::move(task);
  do {
    worker->task();
    worker->task = nullptr;
  } while (next(worker, self));
  here_ = nullptr;
}

// Waits for a task. False: this thread leaves.
bool ThreadPool::next(const std::shared_ptr<Worker>& worker, ThreadList::iterator self) {
  Task dropped;  // dies after the lock
  std::unique_lock lock(mutex_);
  if (stopped_) {
    std::swap(dropped, worker->next);
    return false;
  }
  if (worker->next != nullptr) {
    if (queue_.empty()) {
      worker->task = std::exchange(worker->next, nullptr);
      return true;
    }
    queue_.push_back(std::exchange(worker->next, nullptr));
  }
  if (!queue_.empty()) {
    worker->task = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }
  idle_.push_back(worker);
  worker->wake.wait_for(lock, options_.idle_timeout,
                        [&] { return worker->task != nullptr || stopped_; });
  if (worker->task != nullptr) return true;
  std::erase(idle_, worker);
  if (!stopped_) finished_.splice(finished_.end(), running_, self);
  return false;
}

void ThreadPool::stop() {
  std::deque<Task> dropped;
  ThreadList joined;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    for (const auto& worker : idle_) worker->wake.notify_one();
    joined.splice(joined.end(), finished_);
    joined.splice(joined.end(), running_);
  }
  joined.clear();
}

std::size_t ThreadPool::thread_count() const {
  const std::lock_guard lock(mutex_);
  return running_.size();
}

}  // namespace narthex::runtime
