// SPDX-License-Identifier: Apache-2.0
#include "runtime/asio_executor.hpp"
#include "runtime/thread_pool.hpp"

#include <narthex/plugin.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

using namespace narthex::runtime;

namespace {

// Counts down from many threads; wait() returns at zero.
class Countdown {
 public:
  explicit Countdown(int count) : count_(count) {}
  void arrive() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) zero_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return count_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  int count_;
};

}  // namespace

TEST_CASE("each pool runs its tasks on threads of its kind", "[runtime]") {
  AsioExecutor executor({1, 2, 1});
  const auto kind_on = [&](Pool pool) {
    std::promise<int> kind;
    executor.post(pool, [&] { kind.set_value(AsioExecutor::thread_kind()); });
    return kind.get_future().get();
  };
  CHECK(kind_on(Pool::kIo) == NX_THREAD_IO);
  CHECK(kind_on(Pool::kWorker) == NX_THREAD_WORKER);
  CHECK(kind_on(Pool::kQuery) == NX_THREAD_QUERY);
  CHECK(AsioExecutor::thread_kind() == NX_THREAD_FOREIGN);
}

TEST_CASE("an event loop beside another's has a thread that may block", "[runtime]") {
  AsioExecutor executor({1, 2, 1});
  const auto thread_of = [](AsioExecutor& on, Pool pool) {
    std::promise<std::pair<int, std::thread::id>> found;
    on.post(pool, [&] {
      found.set_value({AsioExecutor::thread_kind(), std::this_thread::get_id()});
    });
    return found.get_future().get();
  };
  {
    AsioExecutor beside(executor, "nx-beside");
    const auto loop = thread_of(beside, Pool::kIo);
    CHECK(loop.first == NX_THREAD_WORKER);
    CHECK(loop.second != thread_of(executor, Pool::kIo).second);
    CHECK(thread_of(beside, Pool::kIo).second == loop.second);
    CHECK(thread_of(beside, Pool::kWorker).second != loop.second);
    std::promise<std::thread::id> fired;
    const auto timer =
        beside.after(1, Pool::kIo, [&] { fired.set_value(std::this_thread::get_id()); });
    CHECK(fired.get_future().get() == loop.second);
    // It blocks, and the other loop goes on.
    std::promise<void> go_on;
    std::promise<void> waited;
    beside.post(Pool::kIo, [&] {
      go_on.get_future().wait();
      waited.set_value();
    });
    executor.post(Pool::kIo, [&] { go_on.set_value(); });
    waited.get_future().wait();
  }
  // The pools are those of the other, which goes on without it.
  CHECK(thread_of(executor, Pool::kWorker).first == NX_THREAD_WORKER);
}

TEST_CASE("an executor that stops lets go of tasks that own their timer", "[runtime]") {
  struct Owner {
    Timer timer;
  };
  AsioExecutor executor({1, 1, 1});
  auto owner = std::make_shared<Owner>();
  const std::weak_ptr<Owner> left = owner;
  owner->timer = executor.after(3'600'000, Pool::kWorker, [owner] {});
  owner.reset();
  CHECK(!left.expired());
  executor.stop();
  CHECK(left.expired());
}

TEST_CASE("timers run in order of time, on the pool they name", "[runtime]") {
  AsioExecutor executor({1, 1, 1});
  std::mutex mutex;
  std::vector<int> seen;
  Countdown done(3);
  const std::int64_t now = executor.clock().mono_ns();
  const auto note = [&](int i) {
    {
      const std::lock_guard lock(mutex);
      seen.push_back(i);
    }
    done.arrive();
  };
  const Timer late = executor.at(now + 30'000'000, Pool::kIo, [&] { note(3); });
  const Timer early = executor.at(now + 10'000'000, Pool::kIo, [&] { note(1); });
  const Timer middle = executor.at(now + 20'000'000, Pool::kIo, [&] { note(2); });
  done.wait();
  CHECK(seen == std::vector<int>{1, 2, 3});
  CHECK(executor.clock().mono_ns() >= now + 30'000'000);

  std::promise<int> kind;
  const Timer on_worker =
      executor.after(0, Pool::kWorker, [&] { kind.set_value(AsioExecutor::thread_kind()); });
  CHECK(kind.get_future().get() == NX_THREAD_WORKER);
}

TEST_CASE("ten thousand timers are held and all of them run", "[runtime]") {
  AsioExecutor executor({1, 1, 1});
  constexpr int kCount = 10'000;
  Countdown done(kCount);
  std::vector<Timer> timers;
  timers.reserve(kCount);
  for (int i = 0; i < kCount; ++i) {
    timers.push_back(executor.after(50 - i % 50, Pool::kIo, [&] { done.arrive(); }));
  }
  done.wait();
}

TEST_CASE("a cancelled timer frees its task at once and never runs", "[runtime]") {
  AsioExecutor executor({1, 1, 1});
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = alive;
  Timer timer = executor.after(60'000, Pool::kIo, [alive] { ++*alive; });
  alive.reset();
  CHECK_FALSE(watch.expired());
  timer.cancel();
  CHECK(watch.expired());
}

TEST_CASE("a timer may cancel itself and outlive its executor", "[runtime]") {
  Timer survivor;
  auto executor = std::make_unique<AsioExecutor>(ExecutorOptions{1, 1, 1});
  Timer own;
  std::promise<void> ran;
  std::promise<void> assigned;
  own = executor->after(0, Pool::kIo, [&] {
    assigned.get_future().wait();
    own.cancel();
    ran.set_value();
  });
  assigned.set_value();
  ran.get_future().wait();
  survivor = executor->after(60'000, Pool::kWorker, [] {});
  executor.reset();
  survivor.cancel();
}

TEST_CASE("a stopped executor drops tasks and timers", "[runtime]") {
  AsioExecutor executor({2, 2, 1});
  executor.stop();
  executor.post(Pool::kIo, [] { FAIL("ran"); });
  executor.post(Pool::kWorker, [] { FAIL("ran"); });
  const Timer timer = executor.after(0, Pool::kQuery, [] { FAIL("ran"); });
  executor.stop();
}

TEST_CASE("a pool makes threads up to its bound and no more", "[runtime]") {
  ThreadPoolOptions options;
  options.threads_max = 3;
  ThreadPool pool(options);
  CHECK(pool.thread_count() == 0);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  Countdown begun(3);
  Countdown done(10);
  for (int i = 0; i < 10; ++i) {
    pool.post([&, open] {
      begun.arrive();
      open.wait();
      done.arrive();
    });
  }
  begun.wait();
  CHECK(pool.thread_count() == 3);
  gate.set_value();
  done.wait();
}

TEST_CASE("what a task posts as next its own thread runs, when it has returned", "[runtime]") {
  ThreadPoolOptions options;
  options.threads_max = 4;
  ThreadPool pool(options);
  Countdown done(3);
  std::vector<std::thread::id> threads;
  std::vector<std::string> order;
  pool.post([&] {
    pool.post_next([&] {
      threads.push_back(std::this_thread::get_id());
      order.push_back("next");
      done.arrive();
    });
    threads.push_back(std::this_thread::get_id());
    order.push_back("first");
    done.arrive();
    pool.post_next([&] { done.arrive(); });  // there is one already: on any thread
  });
  done.wait();
  CHECK(order == std::vector<std::string>{"first", "next"});
  CHECK(threads[0] == threads[1]);

  Countdown elsewhere(2);
  pool.post_next([&] { elsewhere.arrive(); });
  ThreadPool other(options);
  other.post([&] { pool.post_next([&] { elsewhere.arrive(); }); });
  elsewhere.wait();
}

TEST_CASE("what waits comes before what a task posts as next", "[runtime]") {
  ThreadPool pool(ThreadPoolOptions{});  // of one thread
  Countdown done(2);
  std::promise<void> posted;
  std::vector<std::string> order;
  pool.post([&] {
    posted.get_future().wait();
    pool.post_next([&] {
      order.push_back("next");
      done.arrive();
    });
  });
  pool.post([&] {
    order.push_back("waiting");
    done.arrive();
  });
  posted.set_value();
  done.wait();
  CHECK(order == std::vector<std::string>{"waiting", "next"});
}

TEST_CASE("idle threads of a pool leave, and come back when needed", "[runtime]") {
  ThreadPoolOptions options;
  options.threads_max = 4;
  options.idle_timeout = std::chrono::milliseconds(1);
  ThreadPool pool(options);
  for (int round = 0; round < 3; ++round) {
    Countdown done(4);
    for (int i = 0; i < 4; ++i) pool.post([&] { done.arrive(); });
    done.wait();
    while (pool.thread_count() != 0) std::this_thread::yield();
  }
}

TEST_CASE("posts from many threads and a stop in between lose no lock", "[runtime]") {
  for (int round = 0; round < 20; ++round) {
    AsioExecutor executor({2, 4, 2});
    std::atomic<int> ran{0};
    std::vector<std::thread> posters;
    for (int t = 0; t < 3; ++t) {
      posters.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          executor.post(static_cast<Pool>(i % 3), [&] { ++ran; });
          const Timer timer = executor.after(0, Pool::kWorker, [&] { ++ran; });
        }
      });
    }
    if (round % 2 == 0) executor.stop();
    for (std::thread& poster : posters) poster.join();
  }
}
