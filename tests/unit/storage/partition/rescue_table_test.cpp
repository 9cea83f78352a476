// SPDX-License-Identifier: Apache-2.0
// Rescuing: of a damaged table the new one has exactly what can be read page by page.
#include "storage/partition/rescue_table.hpp"

#include "storage/partition/table.hpp"
#include "storage/partition/tombstones.hpp"

#include "series_book.hpp"

#include "support/faulty_fs.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

namespace narthex::test {

using namespace storage;             // NOLINT
using namespace storage::partition;  // NOLINT

namespace {

const std::string kFolder = "d";
const TableName kName{0, 1, 1, 0};

// Series, time, bits of the value (of a histogram: of its sum), whether it is a histogram.
using Sample = std::tuple<std::string, std::int64_t, std::uint64_t, bool>;
using SampleSet = std::set<Sample>;

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  (void)table.identities([&](std::uint32_t, const nx_series_table& block) {
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      std::string& name = names.emplace_back();
      for (std::uint32_t p = 2 * block.label_off[s]; p < 2 * block.label_off[s + 1]; ++p) {
        const nx_str& text = block.symbols[block.label_ref[p]];
        name.append(text.ptr, text.len) += '\0';
      }
    }
  });
  return names;
}

void read_page(const column::PageView& view, std::span<const std::string> names, SampleSet& out) {
  for (const column::PageEntry& entry : view.entries()) {
    if (entry.slot >= names.size()) continue;
    std::vector<std::int64_t> times(entry.rows());
    REQUIRE(view.times(entry.time_column, entry.row0, entry.row1, times.data()).ok());
    std::vector<double> values(entry.rows());
    column::HistogramRows histograms;
    if (entry.histogram) {
      REQUIRE(view.histograms(entry, entry.row0, entry.row1, histograms).ok());
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = histograms.rows[i].sum;
    } else {
      REQUIRE(view.values(entry, entry.row0, entry.row1, values.data()).ok());
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.emplace(names[entry.slot], times[i], std::bit_cast<std::uint64_t>(values[i]),
                  entry.histogram);
    }
  }
}

// What can be read of a table, page by page; series whose name is lost are left out.
SampleSet readable(FaultyFileSystem& files, const TableName& name) {
  SampleSet out;
  const auto table = Table::open(files, kFolder + "/" + name.file());
  if (!table.ok()) return out;
  const std::vector<std::string> names = names_of(**table);
  for (std::uint32_t g = 0; g < (*table)->groups().size(); ++g) {
    const TableGroup& group = (*table)->groups()[g];
    const std::size_t first = std::min<std::size_t>(group.first_series, names.size());
    for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
      const auto page = (*table)->page(g, c);
      if (page.ok()) read_page((*page)->view, std::span(names).subspan(first), out);
    }
  }
  return out;
}

std::unique_ptr<FaultyFileSystem> make_table() {
  auto files = std::make_unique<FaultyFileSystem>();
  const std::vector<BookSeries> book = make_book(7, {.series = 120, .rows_max = 3000});
  TableOptions options;
  options.page_bytes = 4096;
  REQUIRE(write_table(*files, kFolder + "/" + kName.file(), book, options).ok());
  return files->copy();
}

}  // namespace

TEST_CASE("a rescued table has exactly what can be read of the damaged one",
          "[partition][rescue]") {
  const auto whole = make_table();
  const SampleSet all = readable(*whole, kName);
  const std::string path = kFolder + "/" + kName.file();
  const std::size_t bytes = whole->content(path).size();
  int partly = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto files = whole->copy();
    for (std::uint32_t n = 1 + random() % 4; n > 0; --n) {
      std::uint8_t& byte = files->content(path)[random() % bytes];
      byte = static_cast<std::uint8_t>(byte ^ 1u << random() % 8);
    }
    const std::vector<std::uint8_t> damaged = files->content(path);
    const SampleSet before = readable(*files, kName);
    const auto rescue = rescue_table(*files, kFolder, kName);
    REQUIRE(rescue.ok());
    CHECK_FALSE(files->exists(path));
    CHECK(files->content(kFolder + "/quarantine/" + kName.file()) == damaged);
    REQUIRE(rescue->table.has_value() == !before.empty());
    if (!rescue->table) continue;
    CHECK(rescue->table->replaces(kName));
    const auto table = Table::open(*files, kFolder + "/" + rescue->table->file());
    REQUIRE(table.ok());
    CHECK(verify_table(**table).empty());
    CHECK(rescue->figures.samples == before.size());
    CHECK((readable(*files, *rescue->table) == before));
    CHECK(std::includes(all.begin(), all.end(), before.begin(), before.end()));
    if (before.size() < all.size()) ++partly;
  }
  CHECK(partly >= 30);
}

TEST_CASE("a rescue leaves out what is deleted", "[partition][rescue]") {
  const auto files = make_table();
  const SampleSet all = readable(*files, kName);
  Tombstones tombstones;
  tombstones.add(3, {INT64_MIN, INT64_MAX});
  REQUIRE(tombstones.save(*files, kFolder + "/" + kName.tombstone_file()).ok());
  const auto table = Table::open(*files, kFolder + "/" + kName.file());
  REQUIRE(table.ok());
  const std::string gone = names_of(**table)[3];
  SampleSet expected = all;
  std::erase_if(expected, [&](const Sample& sample) { return std::get<0>(sample) == gone; });
  REQUIRE(expected.size() < all.size());
  const auto rescue = rescue_table(*files, kFolder, kName);
  REQUIRE(rescue.ok());
  REQUIRE(rescue->table.has_value());
  CHECK((readable(*files, *rescue->table) == expected));
  CHECK_FALSE(files->exists(kFolder + "/" + kName.tombstone_file()));
}

}  // namespace narthex::test
