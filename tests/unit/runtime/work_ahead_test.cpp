// SPDX-License-Identifier: Apache-2.0
#include "runtime/work_ahead.hpp"

#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <optional>
#include <thread>

using namespace narthex;

TEST_CASE("work that somebody had time for is done when it is wanted", "[runtime]") {
  test::ManualExecutor executor;
  int done = 0;
  runtime::WorkAhead work(executor, [&] { ++done; });
  CHECK_FALSE(work.finish());
  for (int round = 1; round <= 3; ++round) {
    work.begin();
    executor.run_ready();
    CHECK(done == round);
    CHECK(work.finish());
    CHECK_FALSE(work.finish());
  }
}

TEST_CASE("work that nobody came to is left to whoever wants it", "[runtime]") {
  test::ManualExecutor executor;
  int done = 0;
  runtime::WorkAhead work(executor, [&] { ++done; });
  for (int round = 0; round < 3; ++round) {
    work.begin();
    CHECK_FALSE(work.finish());
  }
  executor.run_ready();
  CHECK(done == 0);
  // The task that was posted at the first time does what was begun last.
  work.begin();
  executor.run_ready();
  CHECK(done == 1);
  CHECK(work.finish());
}

TEST_CASE("work that has not begun never does once it is let go", "[runtime]") {
  test::ManualExecutor executor;
  int done = 0;
  {
    runtime::WorkAhead work(executor, [&] { ++done; });
    work.begin();
  }
  executor.run_ready();
  CHECK(done == 0);
}

TEST_CASE("whoever wants work that is being done waits for it, and so does its end", "[runtime]") {
  for (const bool wanted : {true, false}) {
    test::ManualExecutor executor;
    std::promise<void> begun, may_end;
    bool done = false;
    std::optional<runtime::WorkAhead> work(std::in_place, executor, [&] {
      begun.set_value();
      may_end.get_future().wait();
      done = true;
    });
    work->begin();
    std::thread other([&] { executor.run_ready(); });
    begun.get_future().wait();
    may_end.set_value();
    if (wanted) CHECK(work->finish());
    work.reset();
    CHECK(done);
    other.join();
  }
}

TEST_CASE("whoever has time may do what was begun, once", "[runtime]") {
  test::ManualExecutor executor;
  int done = 0;
  runtime::WorkAhead work(executor, [&] { ++done; });
  work.help();
  CHECK(done == 0);
  work.begin();
  CHECK_FALSE(work.is_running());
  work.help();
  CHECK(done == 1);
  executor.run_ready();
  CHECK(done == 1);
  CHECK(work.finish());
}
