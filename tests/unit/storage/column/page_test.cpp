// SPDX-License-Identifier: Apache-2.0
#include "storage/checksum/crc32c.hpp"
#include "storage/column/page_builder.hpp"
#include "storage/column/page_view.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <random>

namespace narthex::storage::column {
namespace {

using Words = std::vector<std::uint64_t>;

Words bits_of(std::span<const double> values) {
  Words words(values.size());
  if (!values.empty()) std::memcpy(words.data(), values.data(), values.size_bytes());
  return words;
}

// What went into a page, column by column.
struct Model {
  struct Column {
    std::uint32_t slot;
    PageRows rows;
    std::vector<double> values;
    std::vector<std::int64_t> starts;
  };
  std::vector<std::vector<std::int64_t>> times;
  std::vector<Column> columns;
};

std::vector<double> any_column(std::mt19937_64& random, std::size_t rows) {
  static double shared[kRowsMax];
  std::vector<double> values(rows);
  const auto kind = random() % 6;
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    switch (kind) {
      case 0:
        values[i] = 1;
        break;
      case 1:
        values[i] = sum += random() % 100;
        break;
      case 2:  // near the counter before, as buckets are
        values[i] = shared[i] + (sum += random() % 2);
        break;
      case 3:
        values[i] = std::bit_cast<double>(random());
        break;
      case 4:
        values[i] = shared[i];
        break;
      default:
        values[i] = static_cast<double>(random() % 100) / 10;
    }
    if (kind == 1) shared[i] = values[i];
  }
  return values;
}

Model make_model(std::mt19937_64& random, PageBuilder& builder) {
  Model model;
  const std::size_t time_columns = 1 + random() % 3;
  for (std::size_t c = 0; c < time_columns; ++c) {
    std::vector<std::int64_t> times(1 + random() % kRowsMax);
    std::int64_t t = static_cast<std::int64_t>(c);
    for (auto& time : times) time = t += 1 + static_cast<std::int64_t>(random() % 30000);
    REQUIRE(builder.add_times(times) == c);
    REQUIRE(builder.add_times(times) == c);
    model.times.push_back(times);
  }
  std::uint32_t slot = 0;
  for (int i = 0; i < 40; ++i) {
    slot += static_cast<std::uint32_t>(random() % 3);
    Model::Column column;
    column.slot = slot;
    column.rows.time_column =
        static_cast<std::uint32_t>(random() % 4 == 0 ? random() % time_columns : 0);
    const std::size_t all = model.times[column.rows.time_column].size();
    if (random() % 4 == 0) column.rows.row0 = static_cast<std::uint32_t>(random() % all);
    const std::size_t left = all - column.rows.row0;
    column.values = any_column(random, random() % 4 == 0 ? 1 + random() % left : left);
    if (random() % 8 == 0) {
      column.starts.assign(column.values.size(), 1000);
      column.starts.back() = static_cast<std::int64_t>(random());
    }
    builder.add_values(column.slot, column.rows, column.values, column.starts);
    model.columns.push_back(column);
  }
  return model;
}

void check_same(const Model& model, const PageView& view, std::mt19937_64& random) {
  REQUIRE(view.time_column_count() == model.times.size());
  REQUIRE(view.entries().size() == model.columns.size());
  for (std::uint32_t c = 0; c < model.times.size(); ++c) {
    std::vector<std::int64_t> times(model.times[c].size());
    REQUIRE(view.rows(c) == times.size());
    REQUIRE(view.times(c, 0, times.size(), times.data()).ok());
    REQUIRE(times == model.times[c]);
  }
  for (std::size_t i = 0; i < model.columns.size(); ++i) {
    const Model::Column& column = model.columns[i];
    const PageEntry& entry = view.entries()[i];
    REQUIRE(entry.slot == column.slot);
    REQUIRE(entry.time_column == column.rows.time_column);
    REQUIRE(entry.row0 == column.rows.row0);
    REQUIRE(entry.rows() == column.values.size());
    REQUIRE(entry.flags == column_flags(column.values));
    const std::size_t from = random() % column.values.size();
    const std::size_t to = from + random() % (column.values.size() - from + 1);
    std::vector<double> values(to - from);
    REQUIRE(view.values(entry, entry.row0 + from, entry.row0 + to, values.data()).ok());
    REQUIRE(bits_of(values) == bits_of(std::span(column.values).subspan(from, to - from)));
    std::vector<std::int64_t> starts(column.values.size());
    REQUIRE(view.starts(entry, entry.row0, entry.row1, starts.data()).ok());
    REQUIRE(starts ==
            (column.starts.empty() ? std::vector<std::int64_t>(starts.size(), 0) : column.starts));
  }
}

}  // namespace

TEST_CASE("times that are a stretch of a time column stand in it", "[column]") {
  const std::vector<std::int64_t> times = {10, 20, 35, 40, 55};
  PageBuilder builder;
  CHECK(builder.place_times(times).time_column == 0);
  const PageRows inside = builder.place_times(std::span(times).subspan(1, 3));
  CHECK(inside.time_column == 0);
  CHECK(inside.row0 == 1);
  const std::vector<std::int64_t> holes = {20, 40};
  CHECK(builder.place_times(holes).time_column == 1);
  const std::vector<std::int64_t> beyond = {40, 55, 60};
  CHECK(builder.place_times(beyond).time_column == 2);
  const PageRows again = builder.place_times(times);
  CHECK(again.time_column == 0);
  CHECK(again.row0 == 0);
}

TEST_CASE("builders side by side may share their scratch memory", "[column]") {
  const auto scratch = std::make_shared<PageScratch>();
  PageBuilder builders[2] = {PageBuilder(scratch), PageBuilder(scratch)};
  const std::vector<std::int64_t> times = {1, 2, 3};
  Bytes pages[2];
  for (std::uint32_t slot = 0; slot < 20; ++slot) {
    for (int b = 0; b < 2; ++b) {
      const std::vector<double> values = {1.5 * slot, 2.5 * b, 7};
      builders[b].add_values(slot, builders[b].place_times(times), values);
    }
  }
  for (int b = 0; b < 2; ++b) builders[b].finish(true, pages[b]);
  for (int b = 0; b < 2; ++b) {
    PageView view;
    REQUIRE(view.open(pages[b]).ok());
    for (const PageEntry& entry : view.entries()) {
      double values[3];
      REQUIRE(view.values(entry, 0, 3, values).ok());
      CHECK(values[0] == 1.5 * entry.slot);
      CHECK(values[1] == 2.5 * b);
    }
  }
}

TEST_CASE("a page gives back every column it was given", "[column]") {
  std::mt19937_64 random(40);
  const auto builder = std::make_unique<PageBuilder>();
  PageView view;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Model model = make_model(random, *builder);
    const std::size_t expected = builder->size_bytes();
    Bytes page;
    builder->finish(round % 2 == 0, page);
    CHECK(builder->empty());
    CHECK(page.size() < expected * 5 / 4);
    const Status status = view.open(page);
    INFO(status.message());
    REQUIRE(status.ok());
    check_same(model, view, random);
    for (std::uint32_t slot = 0; slot < 100; ++slot) {
      const auto count = std::count_if(model.columns.begin(), model.columns.end(),
                                       [&](const auto& column) { return column.slot == slot; });
      REQUIRE(view.find(slot).size() == static_cast<std::size_t>(count));
    }
  }
}

TEST_CASE("equal columns are stored once", "[column]") {
  std::mt19937_64 random(41);
  const auto builder = std::make_unique<PageBuilder>();
  std::vector<std::int64_t> times(1024);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<std::int64_t>(i) * 15000;
  std::vector<double> noise(1024);
  for (double& v : noise) v = std::bit_cast<double>(random());
  const std::uint32_t column = builder->add_times(times);
  builder->add_values(1, {column, 0}, noise);
  const std::size_t once = builder->size_bytes();
  for (std::uint32_t slot = 2; slot < 10; ++slot) builder->add_values(slot, {column, 0}, noise);
  CHECK(builder->size_bytes() < once + 40);
  Bytes page;
  builder->finish(true, page);
  PageView view;
  REQUIRE(view.open(page).ok());
  std::vector<double> values(1024);
  REQUIRE(view.values(view.find(9)[0], 0, 1024, values.data()).ok());
  CHECK(bits_of(values) == bits_of(noise));
}

TEST_CASE("a bit that flipped anywhere in a page is an error", "[column]") {
  std::mt19937_64 random(42);
  const auto builder = std::make_unique<PageBuilder>();
  (void)make_model(random, *builder);
  Bytes page;
  builder->finish(false, page);
  PageView view;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t bit = random() % (page.size() * 8);
    page[bit / 8] = static_cast<std::uint8_t>(page[bit / 8] ^ (1u << bit % 8));
    REQUIRE(!view.open(page).ok());
    page[bit / 8] = static_cast<std::uint8_t>(page[bit / 8] ^ (1u << bit % 8));
  }
  for (std::size_t size = 0; size < 40; ++size) REQUIRE(!view.open({page.data(), size}).ok());
  REQUIRE(view.open(page).ok());
}

TEST_CASE("a damaged page with the right checksum is errors or values, never more", "[column]") {
  std::mt19937_64 random(43);
  const auto builder = std::make_unique<PageBuilder>();
  for (int round = 0; round < 3000; ++round) {
    static Bytes page;
    if (round % 500 == 0) {
      page.clear();
      (void)make_model(random, *builder);
      builder->finish(round % 1000 == 0, page);
    }
    Bytes broken = page;
    broken[6 + random() % (round % 2 == 0 ? 200 : broken.size() - 6)] =
        static_cast<std::uint8_t>(random());
    const std::uint32_t crc = crc32c({broken.data() + 4, broken.size() - 4});
    std::memcpy(broken.data(), &crc, sizeof crc);
    PageView view;
    if (!view.open(broken).ok()) continue;
    std::vector<double> values(kRowsMax);
    for (const PageEntry& entry : view.entries()) {
      (void)view.values(entry, entry.row0, entry.row1, values.data());
    }
  }
}

}  // namespace narthex::storage::column
