// SPDX-License-Identifier: Apache-2.0
#include "runtime/asio_executor.hpp"

#include "runtime/thread_pool.hpp"
#include "runtime/timer_queue.hpp"

#include <narthex/plugin.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace narthex::runtime {
namespace {

constexpr std::size_t kIoStackBytes = 512 * 1024;
constexpr std::size_t kWorkerStackBytes = 512 * 1024;  // plugins run here
constexpr std::size_t kQueryStackBytes = 1024 * 1024;  // evaluation recurses

ThreadPoolOptions pool_options(const char* name, std::size_t stack_bytes, int kind,
                               int threads_max) {
  ThreadPoolOptions options;
  options.thread = {name, stack_bytes, kind};
  options.threads_max = static_cast<std::size_t>(std::max(threads_max, 1));
  return options;
}

int query_threads(const ExecutorOptions& options) {
  if (options.query_threads_max > 0) return options.query_threads_max;
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
}

struct Pools {
  explicit Pools(const ExecutorOptions& options)
      : workers(pool_options("nx-worker", kWorkerStackBytes, NX_THREAD_WORKER,
                             options.worker_threads_max)),
        queries(
            pool_options("nx-query", kQueryStackBytes, NX_THREAD_QUERY, query_threads(options))) {}

  ThreadPool workers;
  ThreadPool queries;
};

}  // namespace

struct AsioExecutor::Impl {
  Impl(std::shared_ptr<Pools> shared, bool owns, const ThreadOptions& loop, int threads)
      : pools(std::move(shared)),
        owns_pools(owns),
        io(threads),
        work(io.get_executor()),
        timer(io),
        timers(std::make_shared<TimerQueue>([this] { rearm_soon(); })) {
    for (int i = 0; i < threads; ++i) {
      io_threads.push_back(Thread::start(loop, [this] { io.run(); }));
    }
  }

  // One rearm in flight is enough for any number of earlier timers.
  void rearm_soon() {
    if (rearm_posted.exchange(true)) return;
    boost::asio::post(io, [this] {
      rearm_posted.store(false);
      run_due();
    });
  }

  // Runs or hands on what is due, then waits for the next. With several io threads two may be here
  // at once; the mutex orders only the setting of the one timer.
  void run_due() {
    for (const auto& entry : timers->take_due(clock.mono_ns())) dispatch(entry);
    const std::lock_guard lock(timer_mutex);
    const std::optional<std::int64_t> next_ns = timers->next_ns();
    if (next_ns == armed_ns) return;
    armed_ns = next_ns;
    if (!next_ns) {
      timer.cancel();
      return;
    }
    timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(*next_ns)));
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      {
        const std::lock_guard fired(timer_mutex);
        armed_ns.reset();
      }
      run_due();
    });
  }

  void dispatch(const std::shared_ptr<TimerQueue::Entry>& entry) {
    if (entry->pool() == Pool::kIo) {
      entry->run();
    } else {
      pool(entry->pool()).post([entry] { entry->run(); });
    }
  }

  ThreadPool& pool(Pool which) { return which == Pool::kQuery ? pools->queries : pools->workers; }

  SystemClock clock;
  std::atomic<bool> stopped{false};
  // Handlers that die with `io` may still post: the pools outlive it.
  const std::shared_ptr<Pools> pools;
  const bool owns_pools;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::mutex timer_mutex;
  boost::asio::steady_timer timer;       // guarded by timer_mutex
  std::optional<std::int64_t> armed_ns;  // guarded by timer_mutex: what `timer` waits for
  std::atomic<bool> rearm_posted{false};
  std::shared_ptr<TimerQueue> timers;
  std::vector<Thread> io_threads;
};

AsioExecutor::AsioExecutor(ExecutorOptions options)
    : impl_(std::make_unique<Impl>(std::make_shared<Pools>(options), true,
                                   ThreadOptions{"nx-io", kIoStackBytes, NX_THREAD_IO},
                                   std::max(options.io_threads, 1))) {}

AsioExecutor::AsioExecutor(AsioExecutor& other, std::string loop_name)
    : impl_(std::make_unique<Impl>(
          other.impl_->pools, false,
          ThreadOptions{std::move(loop_name), kWorkerStackBytes, NX_THREAD_WORKER}, 1)) {}

AsioExecutor::~AsioExecutor() { stop(); }

const Clock& AsioExecutor::clock() const { return impl_->clock; }

void AsioExecutor::post(Pool pool, Task task) {
  if (impl_->stopped.load(std::memory_order_relaxed)) return;
  if (pool == Pool::kIo) {
    boost::asio::post(impl_->io, std::move(task));
  } else {
    impl_->pool(pool).post(std::move(task));
  }
}

void AsioExecutor::post_next(Pool pool, Task task) {
  if (pool == Pool::kIo) return post(pool, std::move(task));
  if (impl_->stopped.load(std::memory_order_relaxed)) return;
  impl_->pool(pool).post_next(std::move(task));
}

Timer AsioExecutor::at(std::int64_t mono_ns, Pool pool, Task task) {
  return impl_->timers->add(mono_ns, pool, std::move(task));
}

boost::asio::io_context& AsioExecutor::io_context() { return impl_->io; }

void AsioExecutor::stop() {
  if (impl_->stopped.exchange(true)) return;
  impl_->timers->close();
  impl_->io.stop();
  for (Thread& thread : impl_->io_threads) thread.join();
  if (!impl_->owns_pools) return;
  impl_->pools->workers.stop();
  impl_->pools->queries.stop();
}

int AsioExecutor::thread_kind() { return this_thread_kind(); }

}  // namespace narthex::runtime
