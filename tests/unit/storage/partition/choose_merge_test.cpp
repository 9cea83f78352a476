// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/merge.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace narthex::storage::partition {
namespace {

constexpr std::int64_t kNever = INT64_MIN;
constexpr std::int64_t kClosed = INT64_MAX;

struct Planned {
  std::uint64_t sequence = 0;
  std::uint64_t flushed_bytes = 0;
  std::uint64_t merged_bytes = 0;
  TableSet set;

  void flush(std::int64_t partition, std::uint64_t bytes) {
    ++sequence;
    flushed_bytes += bytes;
    insert({partition, sequence, sequence, 0}, bytes);
  }
  void insert(const TableName& name, std::uint64_t bytes) {
    set.push_back(std::make_shared<TableEntry>(name, bytes));
    std::ranges::sort(set, {}, [](const auto& entry) {
      return std::pair(entry->name().partition, entry->name().first);
    });
  }
  // What a merge does to the set; checks that it may.
  void merge(const TableSet& chosen) {
    REQUIRE(!chosen.empty());
    REQUIRE(chosen.size() <= 16);
    REQUIRE(!std::ranges::search(set, chosen).empty());
    TableName name = chosen.front()->name();
    std::uint64_t bytes = 0;
    for (const auto& entry : chosen) {
      REQUIRE(entry->name().partition == name.partition);
      name.last = entry->name().last;
      name.revision = std::max(name.revision, entry->name().revision);
      bytes += entry->bytes();
    }
    ++name.revision;
    merged_bytes += bytes;
    std::erase_if(
        set, [&](const auto& entry) { return std::ranges::find(chosen, entry) != chosen.end(); });
    insert(name, bytes - bytes / 20);
  }
  // How many merges until there is nothing to do.
  int settle(std::int64_t closed_before) {
    int merges = 0;
    while (const auto chosen = choose_merge(set, closed_before)) {
      merge(*chosen);
      REQUIRE(++merges < 1000);
    }
    return merges;
  }
};

TEST_CASE("nothing is merged where there is nothing", "[partition]") {
  Planned planned;
  REQUIRE(!choose_merge({}, kClosed));
  planned.flush(0, 100);
  REQUIRE(!choose_merge(planned.set, kClosed));
  planned.flush(kPartitionMs, 100);
  REQUIRE(!choose_merge(planned.set, kClosed));
}

TEST_CASE("a closed partition is merged whole, once", "[partition]") {
  for (const std::size_t tables : {2u, 12u, 16u, 17u, 100u}) {
    CAPTURE(tables);
    Planned planned;
    for (std::size_t i = 0; i < tables; ++i) planned.flush(0, i % 5 == 0 ? 1000 : 1);
    REQUIRE((planned.settle(kPartitionMs - 1) == 0 || tables > 12));
    planned.settle(kPartitionMs);
    REQUIRE(planned.set.size() < 5);
    REQUIRE((planned.set.size() == 1 || tables > 16));
    REQUIRE(planned.settle(kPartitionMs) == 0);
  }
}

TEST_CASE("who asks for all gets one table a partition", "[partition]") {
  Planned planned;
  for (int i = 0; i < 17; ++i) planned.flush(0, 1000);
  planned.flush(kPartitionMs, 5);
  planned.settle(kNever);
  planned.settle(kClosed);
  REQUIRE(planned.set.size() == 3);
  planned.merge(choose_merge(planned.set, kClosed, true).value());
  REQUIRE(planned.set.size() == 2);
  REQUIRE(!choose_merge(planned.set, kClosed, true));
}

TEST_CASE("a few flushes wait until their partition is closed", "[partition]") {
  Planned planned;
  for (int i = 0; i < 11; ++i) {
    planned.flush(0, 1000);
    REQUIRE(planned.settle(kNever) == 0);
  }
  planned.flush(0, 1000);
  REQUIRE(planned.settle(kNever) == 1);
  REQUIRE(planned.set.size() == 1);
}

TEST_CASE("many flushes of a day stay few tables, and each is written few times", "[partition]") {
  std::mt19937 random(5);
  for (const int flushes : {100, 1000, 10'000}) {
    for (const bool equal : {true, false}) {
      CAPTURE(flushes, equal);
      Planned planned;
      for (int i = 0; i < flushes; ++i) {
        planned.flush(0, equal ? 1000 : 100 + random() % 2000);
        planned.settle(kNever);
        REQUIRE(planned.set.size() < 32);
      }
      REQUIRE(planned.merged_bytes < 4 * planned.flushed_bytes);
    }
  }
}

TEST_CASE("what comes late is merged into a large table above a quarter of it", "[partition]") {
  Planned planned;
  for (int i = 0; i < 12; ++i) planned.flush(0, 1000);
  REQUIRE(planned.settle(kClosed) == 1);
  const std::uint64_t whole = planned.set.front()->bytes();
  std::uint64_t late = 0;
  while (planned.set.front()->name().revision == 1) {
    REQUIRE(late * 4 < whole + whole / 4);
    planned.flush(0, 100);
    late += 100;
    planned.settle(kClosed);
  }
  REQUIRE(late * 4 >= whole);
  REQUIRE(planned.set.size() == 1);
}

TEST_CASE("small tables stay few and are not written over and over", "[partition]") {
  for (const std::int64_t closed_before : {kNever, kClosed}) {
    Planned planned;
    planned.flush(0, 1'000'000);
    planned.flush(0, 1'000'000);
    planned.settle(closed_before);
    for (int i = 0; i < 2000; ++i) {
      planned.flush(0, 1000);
      planned.settle(closed_before);
      REQUIRE(planned.set.size() < 40);
    }
    REQUIRE(planned.merged_bytes < (closed_before == kNever ? 4 : 14) * planned.flushed_bytes);
  }
}

TEST_CASE("an open partition stays few tables whatever their sizes", "[partition]") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Planned planned;
    for (int i = 0; i < 1000; ++i) {
      planned.flush(0, std::uint64_t{1} << random() % 24);
      planned.settle(kNever);
      REQUIRE(planned.set.size() < 32);
    }
  }
}

TEST_CASE("choosing ends, whatever the history", "[partition]") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Planned planned;
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t bytes = random() % 7 == 0 ? 0 : std::uint64_t{1} << random() % 24;
      planned.flush(static_cast<std::int64_t>(random() % 4) * kPartitionMs, bytes);
      if (random() % 4 == 0) planned.settle(static_cast<std::int64_t>(random() % 5) * kPartitionMs);
    }
    planned.settle(kClosed);
    REQUIRE(planned.settle(kClosed) == 0);
  }
}

}  // namespace
}  // namespace narthex::storage::partition
