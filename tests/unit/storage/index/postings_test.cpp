// SPDX-License-Identifier: Apache-2.0
#include "storage/index/posting_list.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace narthex::storage::index {
namespace {

Ids ids_of(const PostingList& list) {
  Ids out;
  list.append_to(out);
  return out;
}

TEST_CASE("postings unite and intersect as sets do", "[index][postings]") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::set<std::uint32_t>> sets(1 + random() % 5);
    const std::uint32_t range = round % 2 == 0 ? 5000 : 1'000'000;
    for (auto& set : sets) {
      for (std::size_t n = random() % (round % 3 == 0 ? 20 : 1500); n > 0; --n)
        set.insert(random() % range);
    }
    std::vector<PostingList> lists(sets.size());
    std::vector<const PostingList*> views;
    std::set<std::uint32_t> all;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      for (const std::uint32_t id : sets[i]) lists[i].append(id);
      views.push_back(&lists[i]);
      all.insert(sets[i].begin(), sets[i].end());
    }
    Look look;
    REQUIRE(unite(views, look) == Ids(all.begin(), all.end()));
    Ids both;
    std::set_intersection(sets.front().begin(), sets.front().end(), sets.back().begin(),
                          sets.back().end(), std::back_inserter(both));
    REQUIRE(intersect(ids_of(lists.front()), ids_of(lists.back())) == both);
  }
}

TEST_CASE("uniting looks whether its query was cancelled as its work adds up",
          "[index][postings]") {
  const std::atomic<bool> cancelled{true};
  for (const std::uint32_t gap : {1u, 2u, 10'000u}) {  // in a bitmap, and sorted
    for (const std::size_t count : {Look::kWorkPerLook / 4, 2 * Look::kWorkPerLook}) {
      std::vector<PostingList> lists(count);
      std::vector<const PostingList*> views;
      for (std::size_t i = 0; i < count; ++i) {
        lists[i].append(static_cast<std::uint32_t>(i) * gap);
        views.push_back(&lists[i]);
      }
      Look look(&cancelled);
      if (count < Look::kWorkPerLook) {
        CHECK(unite(views, look).size() == count);
      } else {
        CHECK_THROWS_AS(unite(views, look), sdk::Error);
      }
    }
  }
  // One list in as many runs as it has ids.
  PostingList scattered;
  for (std::uint32_t id = 0; id < 1'000'000; id += 2) scattered.append(id);
  const PostingList* const one = &scattered;
  Look look(&cancelled);
  CHECK_THROWS_AS(unite({&one, 1}, look), sdk::Error);
  Look nobody;
  CHECK(unite({&one, 1}, nobody).size() == 500'000);
}

TEST_CASE("a posting list holds what was appended and not erased", "[index][postings]") {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    PostingList list;
    std::set<std::uint32_t> known;
    std::uint32_t next = round % 4 == 0 ? random() : 0;
    const std::uint32_t gap = round % 3 == 0 ? 2 : 1u << random() % 22;
    for (std::size_t n = random() % 600; n > 0 && next < UINT32_MAX - gap - 1; --n) {
      list.append(next);
      known.insert(next);
      next += 1 + random() % gap;
      if (n % 97 != 0) continue;
      std::vector<std::uint32_t> gone;
      for (const std::uint32_t id : known) {
        if (random() % 3 == 0) gone.push_back(id);
      }
      REQUIRE(list.erase(gone) == gone.size());
      for (const std::uint32_t id : gone) known.erase(id);
      gone.assign(1, next + 1);
      REQUIRE(list.erase(gone) == 0);
    }
    REQUIRE(list.size() == known.size());
    REQUIRE(ids_of(list) == Ids(known.begin(), known.end()));
    if (!known.empty()) REQUIRE(list.last() == *known.rbegin());
  }
}

TEST_CASE("a posting list reaches from the first id to the last", "[index][postings]") {
  PostingList list;
  for (const std::uint32_t id : {0u, 1u, 5u, UINT32_MAX - 2, UINT32_MAX - 1}) list.append(id);
  REQUIRE(ids_of(list) == Ids{0, 1, 5, UINT32_MAX - 2, UINT32_MAX - 1});
}

TEST_CASE("one run of ids costs no memory, runs of a target a few bytes", "[index][postings]") {
  PostingList target;
  for (std::uint32_t id = 1000; id < 3000; ++id) target.append(id);
  REQUIRE(target.bytes() == 0);
  PostingList metric;
  for (std::uint32_t t = 0; t < 100; ++t) {
    for (std::uint32_t i = 0; i < 8; ++i) metric.append(t * 2000 + 17 + i);
  }
  REQUIRE(metric.bytes() < metric.size());
}

}  // namespace
}  // namespace narthex::storage::index
