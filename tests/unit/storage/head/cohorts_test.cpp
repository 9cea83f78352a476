// SPDX-License-Identifier: Apache-2.0
#include "storage/head/cohorts.hpp"
#include "storage/head/series_index.hpp"

#include <narthex/sdk/text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace narthex::storage::head {
namespace {

// Some series, and what makes layouts of them.
struct Fixture {
  index::Epochs epochs;
  SeriesIndex index{epochs};
  Cohorts cohorts;
  std::vector<Series*> series;

  explicit Fixture(std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back("s" + std::to_string(i));
    std::vector<nx_str> symbols{to_nx("__name__")};
    std::vector<std::uint32_t> refs;
    std::vector<std::uint32_t> offsets{0};
    for (const std::string& text : texts) {
      symbols.push_back(to_nx(text));
      refs.push_back(0);
      refs.push_back(static_cast<std::uint32_t>(symbols.size() - 1));
      offsets.push_back(static_cast<std::uint32_t>(refs.size() / 2));
    }
    nx_series_table table{};
    table.struct_size = sizeof table;
    table.series_count = static_cast<std::uint32_t>(count);
    table.symbol_count = static_cast<std::uint32_t>(symbols.size());
    table.symbols = symbols.data();
    table.label_ref = refs.data();
    table.label_off = offsets.data();
    std::vector<index::LabelIndex::Resolved> resolved;
    index.resolve(table, true, resolved);
    for (const auto& r : resolved) series.push_back(SeriesIndex::of(r.identity));
  }
  std::shared_ptr<const Layout> layout(std::uint64_t cohort, const std::vector<Series*>& of) {
    return cohorts.make_layout(cohort, of, [](const Series&) { return kNoTime; });
  }
  std::vector<Series*> some(std::size_t first, std::size_t last) const {
    return {series.begin() + static_cast<std::ptrdiff_t>(first),
            series.begin() + static_cast<std::ptrdiff_t>(last)};
  }
};

TEST_CASE("a new cohort goes on with the group that a closed one left", "[head][cohorts]") {
  Fixture f(100);
  const std::uint64_t before = f.cohorts.open("recovery");
  RowGroup* group = f.layout(before, f.series)->group;
  f.cohorts.close(before);
  REQUIRE_FALSE(group->live);
  // Two series more, one less, another order.
  std::vector<Series*> now = f.some(1, 100);
  std::swap(now[3], now[70]);
  const auto layout = f.layout(f.cohorts.open("scrape"), now);
  CHECK(layout->group == group);
  CHECK(group->live);
  CHECK(group->slots().size() == 100);
  CHECK(layout->slot(3) == 71);
  for (const Series* s : f.series) CHECK(s->own == nullptr);
}

TEST_CASE("a group is left alone when it is not the cohort's series'", "[head][cohorts]") {
  Fixture f(400);
  const std::uint64_t before = f.cohorts.open("recovery");
  RowGroup* group = f.layout(before, f.some(0, 300))->group;
  SECTION("it is live") {}
  SECTION("most series are not in it") {
    f.cohorts.close(before);
    CHECK(f.layout(f.cohorts.open("scrape"), f.some(250, 400))->group != group);
  }
  SECTION("most of it are not the cohort's") {
    f.cohorts.close(before);
    CHECK(f.layout(f.cohorts.open("scrape"), f.some(0, 50))->group != group);
  }
  SECTION("a series of it is in another group") {
    f.cohorts.close(before);
    RowGroup* other = f.layout(f.cohorts.open("other"), f.some(299, 400))->group;
    CHECK(other != group);
  }
  CHECK(f.layout(f.cohorts.open("scrape"), f.some(0, 300))->group != group);
}

}  // namespace
}  // namespace narthex::storage::head
