// SPDX-License-Identifier: Apache-2.0
#include "scrape/schedule.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

namespace narthex::scrape {
namespace {

constexpr std::int64_t kMs = 1'000'000;

constexpr std::uint64_t kHash = 0x9e37'79b9'7f4a'7c15;

TEST_CASE("a target keeps its place within the interval", "[schedule]") {
  const std::uint64_t places = places_of(1000);
  const auto place = static_cast<std::int64_t>(((kHash ^ 42) >> 32) * places >> 32);
  for (std::int64_t now_ms = 1'700'000'000'000; now_ms < 1'700'000'000'000 + 30'000;
       now_ms += 777) {
    const std::int64_t delay_ns = first_delay_ns(now_ms, 15'000, kHash, 42, places);
    const std::int64_t at_ns = (now_ms % 15'000 * kMs + delay_ns) % (15'000 * kMs);
    CHECK(at_ns == 15'000 * kMs / static_cast<std::int64_t>(places) * place);
    CHECK((delay_ns > 0 && delay_ns <= 15'000 * kMs));
  }
}

TEST_CASE("more targets move a place by less than its length", "[schedule]") {
  CHECK(places_of(0) == 16);
  CHECK(places_of(130) == 16);
  CHECK(places_of(1000) == 128);
  const std::int64_t now_ms = 1'700'000'010'000;  // where an interval of 10 s begins
  for (const std::uint64_t hash : {kHash, ~kHash, std::uint64_t{1}, ~std::uint64_t{1}}) {
    const std::int64_t few_ns = first_delay_ns(now_ms, 10'000, hash, 0, 16) % (10'000 * kMs);
    const std::int64_t many_ns = first_delay_ns(now_ms, 10'000, hash, 0, 1024) % (10'000 * kMs);
    CHECK((many_ns >= few_ns && many_ns - few_ns < 10'000 * kMs / 16));
  }
}

TEST_CASE("targets are spread over the interval", "[schedule]") {
  std::mt19937_64 random(1);
  std::vector<int> buckets(10);
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t delay_ns =
        first_delay_ns(1'700'000'000'000, 1000, random(), 7, places_of(10'000));
    ++buckets[static_cast<std::size_t>(delay_ns / (100 * kMs)) % 10];
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
