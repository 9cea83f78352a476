// SPDX-License-Identifier: Apache-2.0
#include "scrape/work_queue.hpp"

#include "tests/support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

TEST_CASE("a task runs on the thread that has it where nobody waits", "[work_queue]") {
  test::ManualExecutor executor;
  WorkQueue queue(executor, 2);
  std::string seen;
  queue.run_or_post([&] { seen += "a"; });
  CHECK(seen == "a");
  // Others wait for a thread: this one comes after them.
  queue.post([&] { seen += "b"; });
  queue.post([&] { seen += "c"; });
  queue.run_or_post([&] { seen += "d"; });
  CHECK(seen == "a");
  executor.run_ready();
  CHECK(seen == "abcd");
}

TEST_CASE("what comes while a task runs here gets its place", "[work_queue]") {
  test::ManualExecutor executor;
  WorkQueue queue(executor, 1);
  std::string seen;
  queue.run_or_post([&] {
    queue.post([&] { seen += "b"; });
    seen += "a";
  });
  CHECK(seen == "a");
  executor.run_ready();
  CHECK(seen == "ab");
  queue.run_or_post([&] { seen += "c"; });
  CHECK(seen == "abc");
}

TEST_CASE("a thread that has stored for half of a moment gives the next to others",
          "[work_queue]") {
  test::ManualExecutor executor;
  WorkQueue queue(executor, 2);
  int here = 0;
  const auto task = [&] {
    ++here;
    executor.manual_clock().advance_ns(20 * kMillisecond);
  };
  for (int i = 0; i < 3; ++i) queue.run_or_post(task);
  CHECK(here == 3);
  queue.run_or_post([&] { ++here; });
  CHECK(here == 3);
  executor.run_ready();
  CHECK(here == 4);
  executor.manual_clock().advance_ns(100 * kMillisecond);  // another moment
  queue.run_or_post([&] { ++here; });
  CHECK(here == 5);
}

TEST_CASE("a queue that has stopped runs nothing", "[work_queue]") {
  test::ManualExecutor executor;
  WorkQueue queue(executor, 2);
  queue.stop(0);
  bool ran = false;
  queue.run_or_post([&] { ran = true; });
  executor.run_ready();
  CHECK(!ran);
}

}  // namespace
}  // namespace narthex::scrape
