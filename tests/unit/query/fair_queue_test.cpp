// SPDX-License-Identifier: Apache-2.0
#include "query/fair_queue.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace narthex;
using query::FairQueue;

namespace {

std::vector<std::uint64_t> pop_all(FairQueue& queue) {
  std::vector<std::uint64_t> out;
  while (const auto next = queue.pop()) out.push_back(*next);
  return out;
}

}  // namespace

TEST_CASE("one client's queries go in the order they came", "[query]") {
  FairQueue queue;
  for (const std::uint64_t id : {3, 1, 2}) queue.push(id, "a");
  CHECK(queue.size() == 3);
  CHECK(pop_all(queue) == std::vector<std::uint64_t>{3, 1, 2});
  CHECK(queue.size() == 0);
}

TEST_CASE("a client that asks once does not wait for one that asks often", "[query]") {
  FairQueue queue;
  for (std::uint64_t id = 1; id <= 4; ++id) queue.push(id, "many");
  queue.push(5, "one");
  CHECK(pop_all(queue) == std::vector<std::uint64_t>{1, 5, 2, 3, 4});
}

TEST_CASE("what runs counts, waited for or not", "[query]") {
  FairQueue queue;
  queue.began("a");
  queue.push(1, "a");
  queue.push(2, "b");
  queue.push(3, "b");
  CHECK(queue.pop() == 2u);
  // Both have one running; a's query came first.
  CHECK(queue.pop() == 1u);
  queue.ended("a");
  queue.ended("a");
  queue.push(4, "a");
  CHECK(queue.pop() == 4u);
  CHECK(queue.pop() == 3u);
}

TEST_CASE("a query that is removed is nobody's turn", "[query]") {
  FairQueue queue;
  queue.push(1, "a");
  queue.push(2, "a");
  CHECK(queue.remove(1, "a"));
  CHECK_FALSE(queue.remove(1, "a"));
  CHECK_FALSE(queue.remove(2, "b"));
  CHECK(queue.pop() == 2u);
  CHECK_FALSE(queue.remove(2, "a"));
}
