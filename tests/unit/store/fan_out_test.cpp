// SPDX-License-Identifier: Apache-2.0
// Selects over the storage and endpoints of remote_read: memory backends on both sides.
#include "store/fan_out.hpp"
#include "tests/support/plain_instance.hpp"
#include "tests/support/written_store.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

namespace narthex::store {
namespace {

using Points = std::map<std::int64_t, double>;
using Found = std::map<std::string, Points>;

struct FanOutFixture {
  test::WrittenStore here, there;
  RemoteReadOptions options;
  std::vector<std::pair<std::string, std::string>> external;
  std::int64_t now = here.host.now_ms;

  FanOutFixture() { options.read_recent = true; }

  void connect() { here.store.set_remote_reads({{there.instance, options, external}}); }
  std::vector<Matcher> matchers(std::string_view name) {
    return {*Matcher::make(NX_MATCH_EQ, "__name__", name)};
  }
  // What a select finds; series in order, each once.
  Found find(const std::vector<Matcher>& wanted, std::uint32_t flags = 0, std::uint64_t limit = 0) {
    Result<Querier> querier = here.store.open(0, now);
    REQUIRE(querier.ok());
    nx_scan_opts opts{};
    opts.flags = flags;
    opts.maxt = now;
    opts.limit_series = limit;
    Result<Cursor> cursor = querier->select(wanted, opts);
    REQUIRE(cursor.ok());
    Found found;
    std::string before;
    while (cursor->next()) {
      const nx_block& b = cursor->block();
      for (std::uint32_t s = 0; s < b.series_count; ++s) {
        std::string labels;
        for (std::uint32_t p = b.labels->label_off[s]; p < b.labels->label_off[s + 1]; ++p) {
          labels += std::string(view(b.labels->symbols[b.labels->label_ref[2 * p]])) + "=" +
                    std::string(view(b.labels->symbols[b.labels->label_ref[2 * p + 1]])) + ",";
        }
        CHECK(before < labels);
        before = labels;
        Points& points = found[labels];
        if (b.row1 == nullptr) continue;
        for (std::uint32_t k = b.row0[s]; k < b.row1[s]; ++k) {
          const std::uint64_t at = b.off[s] + k;
          const bool shared = (b.flags & NX_BLOCK_SHARED_T) != 0;
          points[b.t[shared ? k : at]] = b.h != nullptr && b.h[at] != NX_NONE
                                             ? static_cast<double>(b.hists[b.h[at]].count.u) + 0.5
                                             : b.v[at];
        }
      }
    }
    CHECK(cursor->status().ok());
    warnings = querier->warnings();
    return found;
  }
  std::vector<std::string> warnings;
};

TEST_CASE("what is here and there is one", "[store]") {
  FanOutFixture f;
  f.here.put({{"__name__", "m"}, {"x", "1"}}, f.now - 10, 1);
  f.here.put({{"__name__", "m"}, {"x", "1"}}, f.now - 5, 2);
  f.there.put({{"__name__", "m"}, {"x", "1"}}, f.now - 20, 3);
  f.there.put({{"__name__", "m"}, {"x", "1"}}, f.now - 10, 4);  // here it is another one
  f.there.put({{"__name__", "m"}, {"x", "0"}}, f.now - 10, 5);
  nx_histogram h{};
  h.count.u = 6;
  h.zero_count.u = 6;
  f.there.put({{"__name__", "m"}, {"x", "2"}}, f.now - 10, h);
  f.here.put({{"__name__", "m"}, {"x", "2"}}, f.now - 9, 7);
  CHECK(f.find(f.matchers("m")).size() == 2);  // not connected yet
  f.connect();
  CHECK(f.find(f.matchers("m")) ==
        Found{{"__name__=m,x=0,", {{f.now - 10, 5}}},
              {"__name__=m,x=1,", {{f.now - 20, 3}, {f.now - 10, 1}, {f.now - 5, 2}}},
              {"__name__=m,x=2,", {{f.now - 10, 6.5}, {f.now - 9, 7}}}});
  CHECK(f.warnings.empty());
  CHECK(f.find(f.matchers("m"), 0, 2).size() == 2);
  CHECK(f.find(f.matchers("m"), NX_SCAN_NO_SAMPLES) ==
        Found{{"__name__=m,x=0,", {}}, {"__name__=m,x=1,", {}}, {"__name__=m,x=2,", {}}});
  CHECK(f.find(f.matchers("none")).empty());
  Result<Querier> local = f.here.store.open_local(0, f.now);
  REQUIRE(local.ok());
  f.here.store.set_remote_reads({});
  CHECK(f.find(f.matchers("m")).size() == 2);
}

TEST_CASE("a walk over both is what a map says it is", "[store]") {
  FanOutFixture f;
  f.connect();
  std::mt19937_64 random(20240229);
  Found expected;
  for (int i = 0; i < 600; ++i) {
    const std::string x = std::to_string(random() % 20);
    const std::int64_t t = f.now - static_cast<std::int64_t>(random() % 200);
    const bool local = random() % 2 == 0;
    Points& points = expected["__name__=m,x=" + x + ","];
    if (points.contains(t)) continue;
    points[t] = i;
    (local ? f.here : f.there).put({{"__name__", "m"}, {"x", x}}, t, i);
  }
  CHECK(f.find(f.matchers("m")) == expected);
}

TEST_CASE("an endpoint is asked for what it has to add", "[store]") {
  RemoteRead read;
  read.external_labels = {{"site", "oslo"}};
  nx_scan_opts opts{};
  opts.mint = 100;
  opts.maxt = 200;
  const std::vector<Matcher> job{*Matcher::make(NX_MATCH_EQ, "job", "a")};
  const auto asked = [&](std::int64_t local_from) {
    return *question_for(read, job, opts, local_from);
  };
  CHECK(asked(INT64_MAX).asked);
  CHECK(asked(INT64_MAX).opts.maxt == 200);
  CHECK(asked(150).opts.maxt == 149);
  CHECK_FALSE(asked(100).asked);
  read.options.read_recent = true;
  CHECK(asked(100).opts.maxt == 200);

  RemoteQuestion question = asked(0);
  REQUIRE(question.matchers.size() == 2);
  CHECK(question.matchers[1].name() == "site");
  CHECK(question.matchers[1].value() == "oslo");
  CHECK(question.added == std::vector<std::string>{"site"});
  read.external_labels = {{"job", "b"}};
  CHECK(asked(0).added.empty());  // the query says it itself
  read.external_labels = {{"site", "oslo"}};
  read.options.filter_external_labels = false;
  CHECK(asked(0).matchers.size() == 1);

  read.options.required_matchers = {{"job", "a"}};
  CHECK(asked(0).asked);
  CHECK(asked(0).matchers.size() == 1);
  read.options.required_matchers = {{"job", "a"}, {"x", "y"}};
  CHECK_FALSE(asked(0).asked);
}

TEST_CASE("external labels are asked for and taken off again", "[store]") {
  FanOutFixture f;
  f.external = {{"site", "oslo"}};
  f.connect();
  f.there.put({{"__name__", "m"}, {"site", "oslo"}}, f.now, 1);
  f.there.put({{"__name__", "m"}, {"site", "bergen"}}, f.now, 2);
  CHECK(f.find(f.matchers("m")) == Found{{"__name__=m,", {{f.now, 1}}}});
}

TEST_CASE("recent times are the storage's own", "[store]") {
  FanOutFixture f;
  f.options.read_recent = false;
  const std::int64_t hour = 3'600'000;
  f.here.put({{"__name__", "m"}}, f.now - 10 * hour, 1);
  f.there.put({{"__name__", "m"}}, f.now - 7 * hour, 2);
  f.there.put({{"__name__", "m"}}, f.now - 5 * hour, 3);
  f.connect();
  // The storage is whole from four hours after its first sample on.
  CHECK(f.find(f.matchers("m")) ==
        Found{{"__name__=m,", {{f.now - 10 * hour, 1}, {f.now - 7 * hour, 2}}}});
}

TEST_CASE("an endpoint that fails is told and gone without", "[store]") {
  FanOutFixture f;
  f.here.put({{"__name__", "m"}}, f.now, 1);
  const auto broken = std::make_shared<test::PlainInstance>("remote_read.x", NX_STORAGE_ID,
                                                            f.there.instance->table(NX_STORAGE_ID),
                                                            f.there.instance->self());
  broken->on = false;
  f.here.store.set_remote_reads({{broken, f.options, {}}});
  CHECK(f.find(f.matchers("m")) == Found{{"__name__=m,", {{f.now, 1}}}});
  REQUIRE(f.warnings.size() == 1);
  CHECK(f.warnings[0].starts_with("remote_read "));
}

TEST_CASE("an endpoint that fails on the way is told and gone without", "[store]") {
  FanOutFixture f;
  f.here.put({{"__name__", "m"}, {"x", "2"}}, f.now, 1);
  for (const char* x : {"1", "3", "4", "5"}) {
    f.there.put({{"__name__", "m"}, {"x", x}}, f.now, 2);
  }
  const auto breaks = std::make_shared<test::PlainInstance>("remote_read.x", NX_STORAGE_ID,
                                                            f.there.instance->table(NX_STORAGE_ID),
                                                            f.there.instance->self());
  f.here.store.set_remote_reads({{breaks, f.options, {}}});
  Result<Querier> querier = f.here.store.open(0, f.now);
  REQUIRE(querier.ok());
  nx_scan_opts opts{};
  opts.maxt = f.now;
  opts.block_samples = 1;  // so that it has not answered all when it breaks
  const std::vector<Matcher> wanted = f.matchers("m");
  std::uint32_t series = 0;
  {
    Result<Cursor> cursor = querier->select(wanted, opts);
    REQUIRE(cursor.ok());
    breaks->on = false;
    while (cursor->next()) series += cursor->block().series_count;
    CHECK(cursor->status().ok());
    breaks->on = true;  // what it holds is given back
  }
  CHECK(series >= 2);
  CHECK(series < 5);
  CHECK(querier->warnings().size() == 1);
}

}  // namespace
}  // namespace narthex::store
