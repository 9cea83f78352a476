// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table.hpp"

#include "series_book.hpp"

#include "support/faulty_fs.hpp"

#include <catch2/catch.hpp>

#include <thread>

namespace narthex::test {

using namespace storage;             // NOLINT
using namespace storage::partition;  // NOLINT

namespace {

std::size_t samples_of(const std::vector<BookSeries>& book) {
  std::size_t samples = 0;
  for (const BookSeries& s : book) samples += s.times.size() + s.histograms.size();
  return samples;
}

void round_trip(std::uint64_t seed, const BookOptions& shape, const TableOptions& options) {
  INFO("seed " << seed);
  const auto book = make_book(seed, shape);
  FaultyFileSystem files;
  const auto written = write_table(files, "d/t", book, options);
  REQUIRE(written.ok());
  CHECK_FALSE(files.exists("d/t.tmp"));
  const auto table = Table::open(files, "d/t");
  REQUIRE(table.ok());
  const Reading reading = read_table(**table, book);
  CHECK(reading.wrong == "");
  CHECK(reading.errors == 0);
  CHECK(reading.samples == samples_of(book));
  CHECK((*table)->figures().samples == samples_of(book));
  CHECK((*table)->figures().bytes == files.content("d/t").size());
  CHECK(written->bytes == files.content("d/t").size());
  CHECK(written->min_t == (*table)->figures().min_t);
  CHECK(written->max_t == (*table)->figures().max_t);
  CHECK(verify_table(**table).empty());
}

Labels view(const std::vector<Label>& labels) { return labels; }

std::vector<BookSeries> plain_book(std::size_t series, const std::vector<std::int64_t>& times) {
  std::vector<BookSeries> book(series);
  for (std::size_t s = 0; s < series; ++s) {
    std::string number = std::to_string(s);
    book[s].labels.emplace_back("__name__", std::string(6 - number.size(), '0') + number);
    for (const auto& [name, value] : book[s].labels) book[s].label_views.push_back({name, value});
    book[s].times = times;
    for (std::size_t i = 0; i < times.size(); ++i) {
      book[s].values.push_back(static_cast<double>((i * 7919 + s * 31) % 977));
    }
  }
  return book;
}

std::vector<std::int64_t> grid(std::size_t rows) {
  std::vector<std::int64_t> times(rows);
  for (std::size_t i = 0; i < rows; ++i) times[i] = static_cast<std::int64_t>(i) * 15'000;
  return times;
}

}  // namespace

TEST_CASE("placement puts the series of a target side by side", "[partition]") {
  const std::vector<Label> none = {{"__name__", "z"}};
  const std::vector<Label> a1 = {{"__name__", "b"}, {"instance", "1"}, {"job", "a"}};
  const std::vector<Label> a1c = {{"__name__", "c"}, {"instance", "1"}, {"job", "a"}};
  const std::vector<Label> a2 = {{"__name__", "a"}, {"instance", "2"}, {"job", "a"}};
  const std::vector<Label> b1 = {{"__name__", "a"}, {"instance", "1"}, {"job", "b"}};
  const std::vector<Label> longer = {
      {"__name__", "b"}, {"instance", "1"}, {"job", "a"}, {"zone", "1"}};
  const std::vector<std::vector<Label>> ordered = {none, a1, longer, a1c, a2, b1};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      const int order = placement_order(view(ordered[i]), view(ordered[j]));
      CHECK((order < 0) == (i < j));
      CHECK((order == 0) == (i == j));
    }
  }
}

TEST_CASE("a table gives back what was written, bit for bit", "[partition]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    round_trip(seed, {}, {seed % 2 == 0, seed % 3 == 0 ? 2048u : 32'768u});
  }
  round_trip(100, {40, 20'000, true}, {});
  round_trip(101, {1, 1, false}, {});
  round_trip(102, {5000, 5, false}, {});
}

TEST_CASE("an empty table is a table", "[partition]") {
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", {}, {}).ok());
  const auto table = Table::open(files, "d/t");
  REQUIRE(table.ok());
  CHECK((*table)->groups().empty());
  CHECK(read_table(**table, {}).wrong == "");
}

TEST_CASE("a day of rows is cut evenly, and alike for all series of a target", "[partition]") {
  const auto book = plain_book(30, grid(1440));
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {}).ok());
  const auto table = *Table::open(files, "d/t");
  REQUIRE(table->groups().size() == 1);
  REQUIRE(table->groups()[0].chunk_count == 2);
  for (std::uint32_t c = 0; c < 2; ++c) {
    const auto page = table->page(0, c);
    REQUIRE(page.ok());
    CHECK((*page)->view.time_column_count() == 1);
    CHECK((*page)->view.rows(0) == 720);
    CHECK((*page)->view.entries().size() == 30);
  }
}

TEST_CASE("a series born late is in the later chunks, and shares the times", "[partition]") {
  auto book = plain_book(30, grid(1440));
  book[20].times.erase(book[20].times.begin(), book[20].times.begin() + 1000);
  book[20].values.resize(440);
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {}).ok());
  const auto table = *Table::open(files, "d/t");
  REQUIRE(table->groups()[0].chunk_count == 2);
  CHECK((*table->page(0, 0))->view.find(20).empty());
  const auto page = *table->page(0, 1);
  CHECK(page->view.time_column_count() == 1);
  REQUIRE(page->view.find(20).size() == 1);
  CHECK(page->view.find(20)[0].row0 == 280);
  CHECK(read_table(*table, book).wrong == "");
}

TEST_CASE("histograms with very many buckets get pages of few rows", "[partition]") {
  auto book = plain_book(3, grid(40));
  const std::vector<std::int64_t> deltas(200'000, 1);
  const nx_span span{0, 200'000};
  nx_histogram wide{};
  wide.pos_bucket_count = 200'000;
  wide.pos_span_count = 1;
  wide.pos_spans = &span;
  wide.pos.deltas = deltas.data();
  book[1].values.clear();
  book[1].histogram_times.swap(book[1].times);
  book[1].histograms.assign(40, wide);
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {}).ok());
  const auto table = *Table::open(files, "d/t");
  const Reading reading = read_table(*table, book);
  CHECK(reading.wrong == "");
  CHECK(reading.errors == 0);
  CHECK(table->groups()[table->group_of(1)].chunk_count == 8);

  book[1].histograms[0].pos_bucket_count = 3'000'000;  // none of it is looked at
  CHECK(write_table(files, "d/u", book, {}).status().error() == EMSGSIZE);
  CHECK_FALSE(files.exists("d/u.tmp"));
}

TEST_CASE("label sets too large for a table are refused", "[partition]") {
  auto book = plain_book(1, grid(1));
  const std::string text(std::size_t{17} << 20, 'x');
  book[0].label_views[0].value = text;
  FaultyFileSystem files;
  CHECK(write_table(files, "d/t", book, {}).status().error() == EMSGSIZE);
}

TEST_CASE("short series share a page, at most 1,024 of them", "[partition]") {
  const auto book = plain_book(3000, grid(2));
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {}).ok());
  const auto table = *Table::open(files, "d/t");
  CHECK(table->groups().size() == 3);
  CHECK(read_table(*table, book).wrong == "");
}

TEST_CASE("pages are about as large as asked for", "[partition]") {
  const auto book = plain_book(600, grid(3000));
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {false, 16 * 1024}).ok());
  const auto table = *Table::open(files, "d/t");
  const std::size_t average = files.content("d/t").size() / table->chunks().size();
  CHECK(average > 13'000);
  CHECK(average < 22'000);
}

TEST_CASE("many threads may read a table", "[partition]") {
  const auto book = make_book(20, {100, 2000, true});
  FaultyFileSystem files;
  REQUIRE(write_table(files, "d/t", book, {}).ok());
  const auto table = *Table::open(files, "d/t");
  std::vector<Reading> readings(4);
  std::vector<std::thread> threads;
  for (Reading& reading : readings) {
    threads.emplace_back([&] { reading = read_table(*table, book); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Reading& reading : readings) {
    CHECK(reading.wrong == "");
    CHECK(reading.samples == samples_of(book));
  }
}

TEST_CASE("a table refuses series out of order", "[partition]") {
  const auto book = plain_book(2, grid(3));
  FaultyFileSystem files;
  {
    auto writer = TableWriter::create(files, "d/t", {});
    REQUIRE(writer.ok());
    REQUIRE((*writer)->add(book[1].view()).ok());
    CHECK((*writer)->add(book[1].view()).error() == EINVAL);
    CHECK((*writer)->finish().status().error() == EINVAL);
  }
  CHECK_FALSE(files.exists("d/t"));
  CHECK_FALSE(files.exists("d/t.tmp"));
}

}  // namespace narthex::test
