// SPDX-License-Identifier: Apache-2.0
#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <vector>

using narthex::runtime::Pool;
using narthex::runtime::Timer;
using narthex::test::ManualExecutor;

TEST_CASE("time stands still until the test moves it", "[runtime]") {
  ManualExecutor executor(1000);
  int ran = 0;
  const Timer timer = executor.after(10, Pool::kWorker, [&] { ++ran; });
  CHECK(executor.run_ready() == 0);
  executor.advance_ms(9);
  CHECK(ran == 0);
  executor.advance_ms(1);
  CHECK(ran == 1);
  CHECK(executor.clock().now_ms() == 1010);
}

TEST_CASE("a timer that is set by a timer runs in the same advance", "[runtime]") {
  ManualExecutor executor(0);
  std::vector<std::int64_t> seen;
  Timer timer;
  std::function<void()> tick = [&] {
    seen.push_back(executor.clock().now_ms());
    timer = executor.after(10, Pool::kIo, tick);
  };
  timer = executor.after(10, Pool::kIo, tick);
  executor.advance_ms(35);
  CHECK(seen == std::vector<std::int64_t>{10, 20, 30});
  timer.cancel();
  CHECK(executor.timer_count() == 0);
}

TEST_CASE("fractions of a millisecond add up", "[runtime]") {
  ManualExecutor executor(0);
  for (int i = 0; i < 4; ++i) executor.advance_ns(250'000);
  CHECK(executor.clock().now_ms() == 1);
}
