// SPDX-License-Identifier: Apache-2.0
#include "storage/index/postings.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace narthex::storage::index {
namespace {

TEST_CASE("postings unite and intersect as sets do", "[index][postings]") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::set<std::uint32_t>> sets(1 + random() % 5);
    const std::uint32_t range = round % 2 == 0 ? 5000 : 1'000'000;
    for (auto& set : sets) {
      for (std::size_t n = random() % (round % 3 == 0 ? 20 : 1500); n > 0; --n)
        set.insert(random() % range);
    }
    std::vector<Ids> lists;
    std::set<std::uint32_t> all;
    for (const auto& set : sets) {
      lists.emplace_back(set.begin(), set.end());
      all.insert(set.begin(), set.end());
    }
    std::vector<std::span<const std::uint32_t>> views(lists.begin(), lists.end());
    REQUIRE(unite(views) == Ids(all.begin(), all.end()));
    Ids both;
    std::set_intersection(sets.front().begin(), sets.front().end(), sets.back().begin(),
                          sets.back().end(), std::back_inserter(both));
    REQUIRE(intersect(lists.front(), lists.back()) == both);
  }
}

}  // namespace
}  // namespace narthex::storage::index
