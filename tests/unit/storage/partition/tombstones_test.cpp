// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/tombstones.hpp"
#include "support/faulty_fs.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

namespace narthex::storage::partition {
namespace {

using test::FaultyFileSystem;
using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

Pairs pairs_of(const Tombstones& tombstones, std::uint32_t ordinal) {
  Pairs pairs;
  for (const DeletedRange& range : tombstones.of(ordinal)) {
    pairs.emplace_back(range.min_t, range.max_t);
  }
  return pairs;
}

TEST_CASE("ranges that touch become one", "[partition]") {
  Tombstones tombstones;
  REQUIRE(tombstones.empty());
  tombstones.add(4, {10, 20});
  tombstones.add(4, {30, 40});
  tombstones.add(4, {5, 4});
  REQUIRE(pairs_of(tombstones, 4) == Pairs{{10, 20}, {30, 40}});
  tombstones.add(4, {21, 29});
  REQUIRE(pairs_of(tombstones, 4) == Pairs{{10, 40}});
  tombstones.add(4, {INT64_MAX - 1, INT64_MAX});
  tombstones.add(4, {INT64_MIN, INT64_MIN});
  REQUIRE(pairs_of(tombstones, 4) ==
          Pairs{{INT64_MIN, INT64_MIN}, {10, 40}, {INT64_MAX - 1, INT64_MAX}});
  tombstones.add(4, {INT64_MIN, INT64_MAX});
  REQUIRE(pairs_of(tombstones, 4) == Pairs{{INT64_MIN, INT64_MAX}});
  REQUIRE(tombstones.of(5).empty());
  REQUIRE(tombstones.series_count() == 1);
}

TEST_CASE("deletions are what a set of times says, and survive their file", "[partition]") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Tombstones tombstones;
    std::map<std::uint32_t, std::set<std::int64_t>> deleted;
    for (int i = 0; i < 30; ++i) {
      const std::uint32_t ordinal = random() % 3 * 1000;
      const std::int64_t min_t = static_cast<std::int64_t>(random() % 200) - 100;
      const std::int64_t max_t = min_t + random() % 12;
      tombstones.add(ordinal, {min_t, max_t});
      for (std::int64_t t = min_t; t <= max_t; ++t) deleted[ordinal].insert(t);
    }
    FaultyFileSystem files;
    REQUIRE(tombstones.save(files, "d/a").ok());
    files.power_cut();
    const auto loaded = Tombstones::load(files, "d/a");
    REQUIRE(loaded.ok());
    REQUIRE(loaded->encode() == tombstones.encode());
    for (const auto& [ordinal, times] : deleted) {
      for (std::int64_t t = -110; t < 120; ++t) {
        REQUIRE(is_deleted(loaded->of(ordinal), t) == (times.count(t) != 0));
      }
    }
  }
}

TEST_CASE("no damaged byte of tombstones goes unseen", "[partition]") {
  Tombstones tombstones;
  for (std::uint32_t i = 0; i < 20; ++i) tombstones.add(i * i, {-1000 * i, 1000});
  const std::vector<std::uint8_t> whole = tombstones.encode();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto bytes = whole;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
    REQUIRE(!Tombstones::decode(bytes));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE(!Tombstones::decode(std::span(whole).first(size)));
  }
}

TEST_CASE("tombstones without a file are none, and none are no file", "[partition]") {
  FaultyFileSystem files;
  const auto none = Tombstones::load(files, "d/a");
  REQUIRE(none.ok());
  REQUIRE(none->empty());
  Tombstones some;
  some.add(1, {1, 2});
  REQUIRE(some.save(files, "d/a").ok());
  REQUIRE(Tombstones().save(files, "d/a").ok());
  REQUIRE(Tombstones().save(files, "d/a").ok());
  files.power_cut();
  REQUIRE(!files.exists("d/a"));
  REQUIRE(some.save(files, "d/a").ok());
  files.content("d/a").pop_back();
  REQUIRE(Tombstones::load(files, "d/a").status().error() == EBADMSG);
  files.fail(test::Call::kRead, 1, EIO);
  REQUIRE(Tombstones::load(files, "d/a").status().error() == EIO);
}

}  // namespace
}  // namespace narthex::storage::partition
