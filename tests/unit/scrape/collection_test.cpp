// SPDX-License-Identifier: Apache-2.0
#include "scrape/collection.hpp"

#include "tests/support/named_series.hpp"

#include <narthex/exporter.h>

#include <catch2/catch.hpp>

using narthex::scrape::Collection;

TEST_CASE("a registered series set takes values in every collection", "[scrape]") {
  Collection collection;
  const nx_collection& c = collection.raw();
  narthex::sdk::SeriesTable series_a = narthex::test::named_series({"a"});
  const nx_series_table one = series_a.table();
  collection.begin(0);
  const std::uint32_t set = c.series_set(&c, &one, nullptr, 0);
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
  narthex::sdk::SeriesTable series_a = narthex::test::named_series({"a"});
  const nx_series_table one = series_a.table();
  narthex::sdk::SeriesTable series_b = narthex::test::named_series({"b"});
  const nx_series_table other = series_b.table();
  collection.begin(0);
  const std::uint32_t first = c.series_set(&c, &one, nullptr, 0);
  c.series_set_drop(&c, first);
  c.series_set_drop(&c, first);  // twice does no harm
  const double value = 1;
  CHECK(c.set_values(&c, first, &value, nullptr, 1) == NX_ERR_INVALID_ARGUMENT);
  CHECK(c.series_set(&c, &other, nullptr, 0) == first);
  CHECK(c.series_set(&c, &one, nullptr, 0) != first);
}
