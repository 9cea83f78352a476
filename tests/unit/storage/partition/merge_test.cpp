// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/merge.hpp"
#include "support/faulty_fs.hpp"
#include "unit/storage/partition/catalogue_book.hpp"

#include <random>

namespace narthex::storage::partition {
namespace {

using test::Book;
using test::BookSample;
using test::FaultyFileSystem;

fs::Status run_merge(
    FaultyFileSystem& files, Catalogue& catalogue, const TableSet& entries,
    const std::function<bool()>& should_pause = [] { return false; }) {
  auto merge = Merge::begin(files, catalogue, entries, {});
  if (!merge.ok()) return merge.status();
  for (;;) {
    const auto progress = (*merge)->step(should_pause);
    if (!progress.ok()) return progress.status();
    if (*progress == Merge::Progress::kDone) return {};
  }
}

std::unique_ptr<Catalogue> open_catalogue(FaultyFileSystem& files) {
  auto catalogue = Catalogue::open(files, "data", nullptr);
  REQUIRE(catalogue.ok());
  return *std::move(catalogue);
}

TableName write_next(FaultyFileSystem& files, Catalogue& catalogue, const Book& book) {
  const std::uint64_t sequence = catalogue.next_sequence();
  const TableName name{0, sequence, sequence, 0};
  REQUIRE(test::FlushWriter::write(files, catalogue.path_of(name), book).ok());
  catalogue.add(std::array{name});
  return name;
}

// A flush: some series, some stretch of time, floats and histograms in turn.
Book random_book(std::mt19937& random) {
  Book book;
  const int series = 1 + static_cast<int>(random() % 40);
  const std::int64_t begin = static_cast<std::int64_t>(random() % 4) * 1000;
  const std::int64_t step = 1 + random() % 3;
  const bool starts = random() % 3 == 0;
  for (int i = 0; i < series; ++i) {
    auto& samples = book[static_cast<int>(random() % 60)];
    const std::size_t rows = 1 + random() % (random() % 8 == 0 ? 1500 : 50);
    for (std::size_t row = 0; row < rows; ++row) {
      BookSample sample;
      sample.histogram = i % 5 == 0 && random() % 3 == 0;
      sample.value =
          sample.histogram ? random() % 1000 : std::bit_cast<std::uint64_t>(random() % 100 * 0.25);
      if (starts && random() % 2 == 0) sample.start = 7;
      samples[begin + static_cast<std::int64_t>(row) * step] = sample;
    }
  }
  return book;
}

void overlay(Book& all, const Book& later) {
  for (const auto& [number, samples] : later) {
    for (const auto& [t, sample] : samples) all[number][t] = sample;
  }
}

void erase(Book& book, int number, DeletedRange range) {
  auto& samples = book[number];
  samples.erase(samples.lower_bound(range.min_t), samples.upper_bound(range.max_t));
}

void drop_empty(Book& book) {
  std::erase_if(book, [](const auto& series) { return series.second.empty(); });
}

TEST_CASE("merges of random tables hold what a plain map holds", "[partition]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    FaultyFileSystem files;
    auto catalogue = open_catalogue(files);
    Book expected;
    for (int step = 0; step < 12; ++step) {
      if (random() % 3 != 0) {
        const Book book = random_book(random);
        write_next(files, *catalogue, book);
        overlay(expected, book);
      } else {
        const int number = static_cast<int>(random() % 60);
        const std::int64_t min_t = static_cast<std::int64_t>(random() % 4000);
        const DeletedRange range{min_t, min_t + static_cast<std::int64_t>(random() % 2000)};
        REQUIRE(test::delete_range(*catalogue, number, range).ok());
        erase(expected, number, range);
      }
      const TableSet set = *catalogue->tables();
      if (random() % 2 == 0 && !set.empty()) {
        const std::size_t first = random() % set.size();
        const std::size_t count = 1 + random() % (set.size() - first);
        const auto begin = set.begin() + static_cast<std::ptrdiff_t>(first);
        const TableSet entries(begin, begin + static_cast<std::ptrdiff_t>(count));
        REQUIRE(run_merge(files, *catalogue, entries, [&] { return random() % 2 == 0; }).ok());
      }
      drop_empty(expected);
      REQUIRE(test::book_of(*catalogue) == expected);
    }
    catalogue.reset();
    files.power_cut();
    catalogue = open_catalogue(files);
    REQUIRE(test::book_of(*catalogue) == expected);
    REQUIRE(catalogue->figures().quarantined == 0);
  }
}

TEST_CASE("tables that follow one another in time are joined", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  Book expected;
  for (int table = 0; table < 5; ++table) {
    Book book;
    for (int number = 0; number < 1500; ++number) {
      for (int row = 0; row < 9; ++row) {
        book[number][(table * 9 + row) * 15'000] = {
            false, std::bit_cast<std::uint64_t>(double(number * row)), 0};
      }
    }
    write_next(files, *catalogue, book);
    overlay(expected, book);
  }
  const auto before = catalogue->figures();
  REQUIRE(run_merge(files, *catalogue, *catalogue->tables()).ok());
  REQUIRE(test::book_of(*catalogue) == expected);
  REQUIRE(catalogue->tables()->size() == 1);
  REQUIRE(catalogue->tables()->front()->name() == TableName{0, 1, 5, 1});
  REQUIRE(catalogue->figures().bytes < before.bytes);
}

TEST_CASE("when everything is deleted, no table is left", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  const Book book = {{3, {{10, {false, 0, 0}}, {20, {true, 5, 0}}}}};
  write_next(files, *catalogue, book);
  write_next(files, *catalogue, book);
  REQUIRE(test::delete_range(*catalogue, 3, {0, 30}).ok());
  REQUIRE(run_merge(files, *catalogue, *catalogue->tables()).ok());
  REQUIRE(catalogue->tables()->empty());
  REQUIRE(files.list("data")->empty());
  REQUIRE(catalogue->next_sequence() == 3);
}

TEST_CASE("what is deleted while a merge runs is not lost", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  Book book;
  for (int number = 0; number < 40; ++number) book[number][10] = {false, 0, 0};
  write_next(files, *catalogue, book);
  write_next(files, *catalogue, book);
  auto merge = Merge::begin(files, *catalogue, *catalogue->tables(), {});
  REQUIRE(merge.ok());
  REQUIRE(*(*merge)->step([] { return true; }) == Merge::Progress::kMore);
  REQUIRE(test::delete_range(*catalogue, 3, {0, 30}).ok());
  REQUIRE((*merge)->step([] { return false; }).status().error() == EAGAIN);
  merge->reset();
  book.erase(3);
  REQUIRE(test::book_of(*catalogue) == book);
  REQUIRE(run_merge(files, *catalogue, *catalogue->tables()).ok());
  REQUIRE(test::book_of(*catalogue) == book);
  REQUIRE(files.list("data")->size() == 1);
}

TEST_CASE("a merge does not bring back what has left the set", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  const Book book = {{3, {{10, {false, 0, 0}}}}};
  write_next(files, *catalogue, book);
  write_next(files, *catalogue, book);
  auto merge = Merge::begin(files, *catalogue, *catalogue->tables(), {});
  REQUIRE(merge.ok());
  catalogue->remove(*catalogue->tables());
  REQUIRE((*merge)->step([] { return false; }).status().error() == EAGAIN);
  REQUIRE(catalogue->tables()->empty());
  REQUIRE(Merge::begin(files, *catalogue, {}, {}).status().error() == EAGAIN);
}

TEST_CASE("only neighbours are merged", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  const Book book = {{3, {{10, {false, 0, 0}}}}};
  for (int i = 0; i < 3; ++i) write_next(files, *catalogue, book);
  const TableSet set = *catalogue->tables();
  REQUIRE(Merge::begin(files, *catalogue, {set[0], set[2]}, {}).status().error() == EAGAIN);
  REQUIRE(Merge::begin(files, *catalogue, {set[1], set[0]}, {}).status().error() == EAGAIN);
  REQUIRE(Merge::begin(files, *catalogue, {set[1], set[2]}, {}).ok());
}

TEST_CASE("a damaged page ends the merge, and its table is left as it is", "[partition]") {
  FaultyFileSystem files;
  auto catalogue = open_catalogue(files);
  Book book;
  for (int number = 0; number < 40; ++number) {
    for (int row = 0; row < 90; ++row) {
      book[number][row] = {false, std::bit_cast<std::uint64_t>(0.1 * number * row), 0};
    }
  }
  write_next(files, *catalogue, book);
  const TableName bad = write_next(files, *catalogue, book);
  files.content(catalogue->path_of(bad))[100] ^= 1;  // the first page begins before
  const TableSet both = *catalogue->tables();
  REQUIRE(run_merge(files, *catalogue, both).error() == EBADMSG);
  REQUIRE(*catalogue->tables() == both);
  REQUIRE(catalogue->figures().quarantined == 0);
  REQUIRE(files.exists(catalogue->path_of(bad)));
  REQUIRE_FALSE(choose_merge(both, INT64_MAX).has_value());
}

}  // namespace
}  // namespace narthex::storage::partition
