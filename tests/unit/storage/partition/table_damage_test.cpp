// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table.hpp"

#include "series_book.hpp"

#include "support/faulty_fs.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace narthex::test {

using namespace storage;             // NOLINT
using namespace storage::partition;  // NOLINT

namespace {

const std::string kPath = "d/t";

using Bytes = std::vector<std::uint8_t>;

// One change of any kind, small ones at the end of the file as often as elsewhere.
std::string damage(std::mt19937_64& random, Bytes& file) {
  const std::size_t reach =
      random() % 3 == 0 ? std::min<std::size_t>(file.size(), 300) : file.size();
  const std::size_t at = file.size() - 1 - random() % reach;
  switch (random() % 6) {
    case 0:
      file.resize(at);
      return "cut at " + std::to_string(at);
    case 1:
      file.insert(file.end(), 1 + random() % 60, static_cast<std::uint8_t>(random()));
      return "appended";
    case 2: {
      const std::size_t to = std::min(file.size(), at + 1 + random() % 5000);
      std::fill(file.begin() + static_cast<std::ptrdiff_t>(at),
                file.begin() + static_cast<std::ptrdiff_t>(to), std::uint8_t{0});
      return "zeros at " + std::to_string(at);
    }
    default:
      file[at] = static_cast<std::uint8_t>(file[at] ^ (1u << random() % 8));
      return "a bit at " + std::to_string(at);
  }
}

struct Outcome {
  bool refused = false;  // by open
  Reading reading;
};

Outcome read_all(FaultyFileSystem& files, const std::vector<BookSeries>& book) {
  const auto table = Table::open(files, kPath);
  if (!table.ok()) {
    CHECK(table.status().error() == EBADMSG);
    CHECK(table.status().path() == kPath);
    return {true, {}};
  }
  return {false, read_table(**table, book)};
}

}  // namespace

TEST_CASE("damage anywhere gives an error or right values", "[partition]") {
  for (const bool compress : {true, false}) {
    const auto book = make_book(7, {60, 800, true});
    FaultyFileSystem files;
    REQUIRE(write_table(files, kPath, book, {compress, 4096}).ok());
    const Bytes whole = files.content(kPath);
    std::size_t refused = 0;
    std::size_t noticed = 0;
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
      std::mt19937_64 random(seed);
      Bytes& file = files.content(kPath);
      file = whole;
      const std::string what = damage(random, file);
      INFO("seed " << seed << ": " << what);
      const Outcome outcome = read_all(files, book);
      CHECK(outcome.reading.wrong == "");
      refused += outcome.refused;
      noticed += outcome.reading.errors != 0;
    }
    CHECK(refused > 300);
    CHECK(noticed > 200);
  }
}

TEST_CASE("verification names what is lost", "[partition]") {
  const auto book = make_book(8, {80, 1500, false});
  FaultyFileSystem files;
  REQUIRE(write_table(files, kPath, book, {true, 4096}).ok());
  const auto table = *Table::open(files, kPath);
  REQUIRE(table->groups().size() > 3);
  Bytes& file = files.content(kPath);
  file[file.size() / 3] ^= 0x10;  // in a page: they come first, and make up nearly all
  const std::vector<TableDamage> found = verify_table(*table);
  REQUIRE(found.size() == 1);
  const auto& group = table->groups()[table->group_of(found[0].first_series)];
  CHECK(found[0].first_series == group.first_series);
  CHECK(found[0].series_count == group.series_count);
  const auto chunks = table->chunks().subspan(group.first_chunk, group.chunk_count);
  CHECK(std::ranges::any_of(chunks, [&](const TableChunk& chunk) {
    return chunk.min_t == found[0].min_t && chunk.max_t == found[0].max_t;
  }));
  CHECK(found[0].what.find(kPath) != std::string::npos);
}

TEST_CASE("a failed read is a failure of the disk, not damage", "[partition]") {
  const auto book = make_book(9, {20, 100, false});
  FaultyFileSystem files;
  REQUIRE(write_table(files, kPath, book, {}).ok());
  for (int n = 1;; ++n) {
    files.fail(Call::kRead, n, EIO);
    const auto table = Table::open(files, kPath);
    files.heal();
    if (table.ok()) break;
    CHECK(table.status().error() == EIO);
  }
  const auto table = *Table::open(files, kPath);
  files.fail(Call::kRead, 1, EIO);
  CHECK(table->page(0, 0).status().error() == EIO);
  files.fail(Call::kRead, 1, EIO);
  CHECK(table->identities([](std::uint32_t, const nx_series_table&) {}).error() == EIO);
  CHECK(Table::open(files, "d/none").status().error() == ENOENT);
}

TEST_CASE("a fault at any call of the writer leaves nothing behind", "[partition]") {
  const auto book = make_book(10, {60, 3000, true});
  std::size_t failures = 0;
  for (const int error : {ENOSPC, EIO}) {
    for (int n = 1;; ++n) {
      INFO("call " << n);
      FaultyFileSystem files;
      files.fail_any(n, error);
      const auto written = write_table(files, kPath, book, {false, 2048});
      if (!files.fired()) {
        REQUIRE(written.ok());
        break;
      }
      REQUIRE_FALSE(written.ok());
      CHECK(written.status().error() == error);
      CHECK_FALSE(files.exists(kPath));
      CHECK_FALSE(files.exists(kPath + ".tmp"));
      ++failures;
    }
  }
  CHECK(failures >= 10);
}

TEST_CASE("a full disk leaves nothing behind", "[partition]") {
  const auto book = make_book(11, {60, 3000, true});
  FaultyFileSystem whole;
  REQUIRE(write_table(whole, kPath, book, {}).ok());
  const std::size_t size = whole.content(kPath).size();
  for (std::size_t part = 0; part < 20; ++part) {
    FaultyFileSystem files;
    files.set_capacity(size * part / 20);
    const auto written = write_table(files, kPath, book, {});
    REQUIRE_FALSE(written.ok());
    CHECK(written.status().is_full());
    CHECK_FALSE(files.exists(kPath));
    CHECK_FALSE(files.exists(kPath + ".tmp"));
    files.set_capacity(size * 2);
    CHECK(write_table(files, kPath, book, {}).ok());
  }
}

TEST_CASE("a finished table survives a power cut, and a reader survives its removal",
          "[partition]") {
  const auto book = make_book(12, {60, 3000, true});
  FaultyFileSystem files;
  REQUIRE(write_table(files, kPath, book, {}).ok());
  files.power_cut();
  const auto table = *Table::open(files, kPath);
  REQUIRE(files.unlink(kPath).ok());
  const Reading reading = read_table(*table, book);
  CHECK(reading.wrong == "");
  CHECK(reading.errors == 0);
}

}  // namespace narthex::test
