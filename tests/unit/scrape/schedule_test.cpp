// SPDX-License-Identifier: Apache-2.0
#include "scrape/schedule.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST_CASE("a target keeps its place within the interval", "[schedule]") {
  for (std::int64_t now_ms = 1'700'000'000'000; now_ms < 1'700'000'000'000 + 30'000;
       now_ms += 777) {
    const std::int64_t first_ms = now_ms + first_delay_ns(now_ms, 15'000, 123'456'789, 42) / kMs;
    CHECK(first_ms % 15'000 == (123'456'789 ^ 42) % (15'000 * kMs) / kMs);
    CHECK(first_ms - now_ms <= 15'000);
  }
}

TEST_CASE("targets are spread over the interval", "[schedule]") {
  std::mt19937_64 random(1);
  std::vector<int> buckets(10);
  for (int i = 0; i < 10'000; ++i) {
    ++buckets[static_cast<std::size_t>(first_delay_ns(1'700'000'000'000, 1000, random(), 7) /
                                       (100 * kMs)) %
              10];
  }
  for (const int count : buckets) CHECK((count > 850 && count < 1150));
}

TEST_CASE("lateness does not move the grid", "[schedule]") {
  Schedule schedule(1000);
  schedule.start(5000 * kMs);
  schedule.advance(5003 * kMs);
  CHECK(schedule.due_ns() == 6000 * kMs);
  schedule.advance(7400 * kMs);  // took too long: the tick that is pending comes at once
  CHECK(schedule.due_ns() == 7000 * kMs);
  schedule.advance(11'300 * kMs);  // ticks in between are left out
  CHECK(schedule.due_ns() == 11'000 * kMs);
  schedule.advance(11'310 * kMs);
  CHECK(schedule.due_ns() == 12'000 * kMs);
}

TEST_CASE("timestamps snap to the grid when they are a little late", "[schedule]") {
  Schedule schedule(1000);
  CHECK(schedule.align(10'000) == 10'000);
  CHECK(schedule.align(11'001) == 11'000);
  CHECK(schedule.align(12'002) == 12'000);
  CHECK(schedule.align(13'003) == 13'003);
  CHECK(schedule.align(16'002) == 16'000);
  Schedule quick(100);
  CHECK(quick.align(1000) == 1000);
  CHECK(quick.align(1102) == 1102);  // 1 % of the interval is less than 2 ms
}

TEST_CASE("a wall clock that jumps back does not freeze timestamps", "[schedule]") {
  Schedule schedule(1000);
  schedule.align(3'600'000);
  CHECK(schedule.align(1'000) == 1'000);
  CHECK(schedule.align(2'001) == 2'000);
  CHECK(schedule.align(7'200'500) == 7'200'500);
}

}  // namespace
}  // namespace narthex::scrape
