// SPDX-License-Identifier: Apache-2.0
// thread_pool.hpp - threads made on demand up to a bound, which leave again when idle.
//
// A task goes to the thread that became idle last, so that under light load one warm thread does
// everything and the others time out: an idle pool has no threads and costs nothing. Tasks beyond
// the bound wait in order. Thread-safe.
#pragma once

#include "runtime/executor.hpp"
#include "runtime/thread.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace narthex::runtime {

struct ThreadPoolOptions {
  ThreadOptions thread;
  std::size_t threads_max = 1;
  std::chrono::milliseconds idle_timeout{10'000};
};

class ThreadPool {
 public:
  explicit ThreadPool(ThreadPoolOptions options);
  ~ThreadPool() { stop(); }

  // Runs task on a thread of the pool; drops it after stop().
  void post(Task task);
  // From a task of this pool: its thread runs the new one when it has returned, unless others wait,
  // which come first. It counts on the caller to return soon. From elsewhere: post().
  void post_next(Task task);
  // Drops what has not begun, waits for what runs, joins.
  // REQUIRES: not called from a task of this pool.
  void stop();
  std::size_t thread_count() const;

 private:
  // In idle_ while it waits. Shared: whoever wakes it does so after the lock, on which it would
  // only wait otherwise, and it may have left by then.
  struct Worker {
    explicit Worker(const ThreadPool& its_pool) : pool(its_pool) {}

    const ThreadPool& pool;
    std::condition_variable wake;
    Task task;
    Task next;  // its own thread's
  };
  using ThreadList = std::list<Thread>;

  void start_thread(Task task);
  void work(ThreadList::iterator self, Task task);
  bool next(const std::shared_ptr<Worker>& worker, ThreadList::iterator self);

  const ThreadPoolOptions options_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<Task> queue_;
  std::vector<std::shared_ptr<Worker>> idle_;  // the last one became idle last
  ThreadList running_;
  ThreadList finished_;  // left by themselves, to be joined
  bool stopped_ = false;

  static thread_local Worker* here_;  // of the calling thread; null: it is of no pool
};

}  // namespace narthex::runtime
