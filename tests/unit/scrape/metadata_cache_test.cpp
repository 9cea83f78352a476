// SPDX-License-Identifier: Apache-2.0
#include "scrape/metadata_cache.hpp"

#include <narthex/sdk/text.hpp>

#include <catch2/catch.hpp>

namespace narthex::scrape {
namespace {

nx_metadata entry(std::string_view family, std::uint32_t type, std::string_view help) {
  nx_metadata m{};
  m.series = NX_NONE;
  m.family = to_nx(family);
  m.type = type;
  m.help = to_nx(help);
  return m;
}

TEST_CASE("like targets share one list", "[metadata_cache]") {
  FamilyLists lists;
  MetadataCache a(lists), b(lists);
  for (MetadataCache* cache : {&a, &b}) {
    cache->begin_scrape();
    const nx_metadata entries[] = {entry("x", NX_TYPE_COUNTER, "X."),
                                   entry("y", NX_TYPE_GAUGE, "Y.")};
    cache->add(entries);
    CHECK(cache->end_good());
  }
  CHECK(a.list() == b.list());
  CHECK(a.list()->size() == 2);
}

TEST_CASE("an unchanged scrape leaves the list, a change makes another", "[metadata_cache]") {
  FamilyLists lists;
  MetadataCache cache(lists);
  const nx_metadata first[] = {entry("x", NX_TYPE_COUNTER, "X."), entry("y", NX_TYPE_GAUGE, "Y.")};
  const nx_metadata other[] = {entry("x", NX_TYPE_COUNTER, "X."),
                               entry("y", NX_TYPE_GAUGE, "New.")};
  cache.begin_scrape();
  cache.add(first);
  CHECK(cache.end_good());
  cache.begin_scrape();
  cache.add(first);
  CHECK_FALSE(cache.end_good());
  cache.begin_scrape();
  cache.add(other);
  CHECK(cache.end_good());
  CHECK((*cache.list())[1].help == "New.");
  cache.begin_scrape();
  cache.add(std::span(other).first(1));
  CHECK(cache.end_good());
  CHECK(cache.list()->size() == 1);
}

TEST_CASE("what is told of a family in pieces comes together", "[metadata_cache]") {
  FamilyLists lists;
  MetadataCache cache(lists);
  cache.begin_scrape();
  const nx_metadata pieces[] = {entry("x", NX_TYPE_UNKNOWN, "X."), entry("y", NX_TYPE_GAUGE, ""),
                                entry("x", NX_TYPE_COUNTER, "")};
  cache.add(pieces);
  CHECK(cache.end_good());
  const auto views = metadata_views(cache.list());
  REQUIRE(views.size() == 2);
  CHECK(views[0].type == "counter");
  CHECK(views[0].help == "X.");
  CHECK(views[1].type == "gauge");
}

}  // namespace
}  // namespace narthex::scrape
