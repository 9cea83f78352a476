// SPDX-License-Identifier: Apache-2.0
#include "runtime/asio_executor.hpp"
#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <thread>
#include <vector>

using narthex::runtime::AsioExecutor;
using narthex::runtime::ExecutorOptions;
using narthex::runtime::Pool;
using narthex::runtime::Strand;
using narthex::test::ManualExecutor;

TEST_CASE("a strand runs its tasks in order", "[runtime]") {
  ManualExecutor executor;
  Strand strand(executor, Pool::kWorker);
  std::vector<int> seen;
  for (int i = 0; i < 200; ++i) strand.post([&seen, i] { seen.push_back(i); });
  CHECK(seen.empty());
  executor.run_ready();
  REQUIRE(seen.size() == 200);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("a strand that is busy lets others of its pool run", "[runtime]") {
  ManualExecutor executor;
  Strand strand(executor, Pool::kWorker);
  int own = 0;
  int own_when_other_ran = -1;
  for (int i = 0; i < 200; ++i) strand.post([&] { ++own; });
  executor.post(Pool::kWorker, [&] { own_when_other_ran = own; });
  executor.run_ready();
  CHECK(own == 200);
  CHECK(own_when_other_ran < 200);
}

TEST_CASE("a closed strand drops what has not begun", "[runtime]") {
  ManualExecutor executor;
  Strand strand(executor, Pool::kWorker);
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = alive;
  strand.post([alive] { ++*alive; });
  alive.reset();
  strand.close();
  CHECK(watch.expired());
  strand.post([] { FAIL("ran after close"); });
  executor.run_ready();
}

TEST_CASE("a strand may be closed by its own task", "[runtime]") {
  ManualExecutor executor;
  Strand strand(executor, Pool::kIo);
  int ran = 0;
  strand.post([&] {
    ++ran;
    strand.close();
  });
  strand.post([&] { ++ran; });
  executor.run_ready();
  CHECK(ran == 1);
}

TEST_CASE("tasks of a strand never overlap, whoever posts", "[runtime]") {
  AsioExecutor executor({1, 4, 1});
  Strand strand(executor, Pool::kWorker);
  int count = 0;  // no lock: the strand is the lock
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) strand.post([&] { ++count; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  std::promise<void> done;
  strand.post([&] { done.set_value(); });
  done.get_future().wait();
  CHECK(count == 4000);
}

TEST_CASE("closing a strand waits for the task that runs", "[runtime]") {
  AsioExecutor executor({1, 4, 1});
  Strand strand(executor, Pool::kWorker);
  std::promise<void> begun;
  std::promise<void> go;
  bool ended = false;
  strand.post([&] {
    begun.set_value();
    go.get_future().wait();
    ended = true;
  });
  begun.get_future().wait();
  std::thread closer([&] { strand.close(); });
  go.set_value();
  closer.join();
  CHECK(ended);
}
