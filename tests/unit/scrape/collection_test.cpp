// SPDX-License-Identifier: Apache-2.0
#include "scrape/collection.hpp"

#include <narthex/exporter.h>

#include <catch2/catch.hpp>

using narthex::scrape::Collection;

namespace {

// A table of one series with a name only.
struct OneSeries {
  explicit OneSeries(nx_str name) : symbols{NX_STR("__name__"), name} {
    table.struct_size = sizeof table;
    table.series_count = 1;
    table.symbol_count = 2;
    table.symbols = symbols;
    table.label_ref = refs;
    table.label_off = offs;
  }
  nx_str symbols[2];
  std::uint32_t refs[2] = {0, 1};
  std::uint32_t offs[2] = {0, 1};
  nx_series_table table{};
};

}  // namespace

TEST_CASE("a registered series set takes values in every collection", "[scrape]") {
  Collection collection;
  const nx_collection& c = collection.raw();
  const OneSeries one(NX_STR("a"));
  collection.begin(0);
  const std::uint32_t set = c.series_set(&c, &one.table, nullptr, 0);
  REQUIRE(set != 0);
  const double value = 1;
  CHECK(c.set_values(&c, set, &value, nullptr, 1) == NX_OK);
  collection.begin(0);
  CHECK(c.set_values(&c, set, &value, nullptr, 1) == NX_OK);
  CHECK(collection.rows() == 1);
  CHECK(c.set_values(&c, set, &value, nullptr, 2) == NX_ERR_INVALID_ARGUMENT);
}

TEST_CASE("a dropped series set takes nothing and its handle is used again", "[scrape]") {
  Collection collection;
  const nx_collection& c = collection.raw();
  const OneSeries one(NX_STR("a"));
  const OneSeries other(NX_STR("b"));
  collection.begin(0);
  const std::uint32_t first = c.series_set(&c, &one.table, nullptr, 0);
  c.series_set_drop(&c, first);
  c.series_set_drop(&c, first);  // twice does no harm
  const double value = 1;
  CHECK(c.set_values(&c, first, &value, nullptr, 1) == NX_ERR_INVALID_ARGUMENT);
  CHECK(c.series_set(&c, &other.table, nullptr, 0) == first);
  CHECK(c.series_set(&c, &one.table, nullptr, 0) != first);
}
