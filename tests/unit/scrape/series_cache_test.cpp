// SPDX-License-Identifier: Apache-2.0
#include "scrape/series_cache.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace narthex::scrape {
namespace {

using Keys = std::vector<std::string>;
using Refs = std::vector<std::uint64_t>;

// Scrapes keys; new ones get the next reference. Gives the stale ones, sorted.
class Scraper {
 public:
  Refs good(const Keys& keys) {
    pass(keys);
    Refs stale;
    cache.end_good(stale);
    std::sort(stale.begin(), stale.end());
    return stale;
  }
  Refs bad(const Keys& keys) {
    pass(keys);
    Refs stale;
    cache.end_bad(stale);
    std::sort(stale.begin(), stale.end());
    return stale;
  }

  SeriesCache cache;
  std::map<std::string, std::uint64_t> refs;
  std::size_t repeats = 0;

 private:
  void pass(const Keys& keys) {
    cache.begin_scrape();
    for (const std::string& key : keys) {
      bool again = false;
      const std::uint32_t entry = cache.find(key, again);
      repeats += again ? 1 : 0;
      if (entry == SeriesCache::kMiss) {
        const std::uint64_t ref = refs.emplace(key, refs.size() + 1).first->second;
        cache.add(key, ref, 0);
      } else {
        REQUIRE(cache.ref(entry) == refs.at(key));
      }
    }
  }
};

TEST_CASE("an unchanged scrape stays in order", "[series_cache]") {
  Scraper s;
  CHECK(s.good({"a", "b", "c"}).empty());
  const std::uint64_t version = s.cache.version();
  CHECK(s.good({"a", "b", "c"}).empty());
  CHECK(s.cache.in_order());
  CHECK(s.cache.complete());
  CHECK(s.cache.version() == version);
}

TEST_CASE("series that vanish are stale once", "[series_cache]") {
  Scraper s;
  s.good({"a", "b", "c"});
  CHECK(s.good({"a", "c"}) == Refs{2});
  CHECK(s.good({"a", "c"}).empty());
  CHECK(s.cache.in_order());
  CHECK(s.good({"a"}) == Refs{3});  // the tail, without any surprise on the way
  CHECK(s.good({}) == Refs{1});
}

TEST_CASE("a failed scrape makes everything stale and forgets nothing", "[series_cache]") {
  Scraper s;
  s.good({"a", "b"});
  CHECK(s.bad({"a", "x"}) == Refs{1, 2});
  CHECK(s.bad({}).empty());
  CHECK(s.good({"a", "b"}).empty());
  CHECK(s.cache.size() == 2);
  CHECK(s.good({"b"}) == Refs{1});
}

TEST_CASE("a series that comes twice is told", "[series_cache]") {
  Scraper s;
  s.good({"a", "a", "b"});
  CHECK(s.repeats == 1);
  s.good({"a", "b", "a"});
  CHECK(s.repeats == 2);
}

TEST_CASE("the same series under another text is not stale", "[series_cache]") {
  Scraper s;
  s.refs = {{"x{a,b}", 7}, {"x{b,a}", 7}};
  s.good({"x{a,b}"});
  CHECK(s.good({"x{b,a}"}).empty());
}

TEST_CASE("dropped and untracked series get no markers", "[series_cache]") {
  SeriesCache cache;
  cache.begin_scrape();
  bool again = false;
  cache.find("dropped", again);
  cache.add("dropped", 0, SeriesCache::kDropped);
  cache.find("timed", again);
  cache.add("timed", 5, SeriesCache::kUntracked);
  Refs stale;
  cache.end_good(stale);
  cache.begin_scrape();
  cache.end_good(stale);
  CHECK(stale.empty());
}

TEST_CASE("labels that change make the old series stale unless they come again", "[series_cache]") {
  Scraper s;
  s.good({"a", "b"});
  s.cache.forget_labels();
  s.refs["a"] = 10;
  CHECK(s.good({"a", "b"}) == Refs{1});
}

TEST_CASE("the cache agrees with a map on random scrapes", "[series_cache]") {
  const auto seed = static_cast<unsigned>(Catch::rngSeed());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Scraper s;
  std::set<std::string> live;
  Keys keys;
  for (int round = 0; round < 400; ++round) {
    switch (random() % 4) {
      case 0:
        for (unsigned n = random() % 4; n > 0; --n) {
          keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(random() % (keys.size() + 1)),
                      "k" + std::to_string(random() % 60));
        }
        break;
      case 1:
        for (unsigned n = random() % 4; n > 0 && !keys.empty(); --n) {
          keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(random() % keys.size()));
        }
        break;
      case 2:
        std::shuffle(keys.begin(), keys.end(), random);
        break;
      default:
        break;
    }
    const std::set<std::string> now(keys.begin(), keys.end());
    const bool good = random() % 5 != 0;
    Refs expected;
    for (const std::string& key : live) {
      if (!good || now.count(key) == 0) expected.push_back(s.refs.at(key));
    }
    std::sort(expected.begin(), expected.end());
    REQUIRE((good ? s.good(keys) : s.bad(keys)) == expected);
    live = good ? now : std::set<std::string>();
  }
}

}  // namespace
}  // namespace narthex::scrape
