// SPDX-License-Identifier: Apache-2.0
// The store room over the memory backend, through the ABI.
#include "store/metrics.hpp"
#include "store/store.hpp"

#include "storage/memory/memory_storage.hpp"
#include "tests/support/direct_instance.hpp"

#include <narthex/sdk/series_list.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace narthex::store {
namespace {

using storage::memory::MemoryStorage;

struct Fixture {
  test::FakeHost host;
  std::shared_ptr<test::DirectInstance> instance =
      test::DirectInstance::make(*sdk::Storage<MemoryStorage>::component(), host);
  Store store{instance};
  std::int64_t now = host.now_ms;

  // Writes value i to series i of `names`, all at t.
  nx_append_result write(const std::vector<std::string>& names, std::int64_t t) {
    sdk::SeriesList series;
    for (const std::string& name : names) series.add(name, {{"job", "j"}});
    std::vector<std::uint64_t> refs(names.size());
    std::vector<std::uint8_t> codes(names.size());
    std::vector<double> values;
    for (std::size_t i = 0; i < names.size(); ++i) values.push_back(static_cast<double>(i));
    Result<Appender> appender = store.begin({.origin = "test"});
    REQUIRE(appender.ok());
    const nx_series_table table = series.view();
    REQUIRE(appender->resolve(table, refs, codes).ok());
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = NX_BATCH_ONE_T;
    batch.rows = refs.size();
    batch.ref = refs.data();
    batch.t = &t;
    batch.v = values.data();
    nx_append_result result{};
    result.struct_size = sizeof result;
    REQUIRE(appender->append(batch, result).ok());
    nx_append_result committed{};
    committed.struct_size = sizeof committed;
    REQUIRE(appender->commit(committed).ok());
    return result;
  }
};

Matcher matcher(int op, std::string_view name, std::string_view value) {
  Result<Matcher> made = Matcher::make(op, name, value);
  REQUIRE(made.ok());
  return *std::move(made);
}

nx_scan_opts until(std::int64_t t) {
  nx_scan_opts opts{};
  opts.maxt = t;
  return opts;
}

TEST_CASE("what was appended is selected, by every kind of matcher", "[store]") {
  Fixture f;
  CHECK(f.write({"a", "ab", "b"}, f.now).accepted == 3);
  Result<Querier> querier = f.store.open(0, f.now);
  REQUIRE(querier.ok());
  const auto count = [&](const Matcher& m) {
    Result<Cursor> cursor = querier->select(std::span(&m, 1), until(f.now));
    REQUIRE(cursor.ok());
    std::uint64_t samples = 0;
    while (cursor->next()) samples += cursor->block().sample_count;
    CHECK(cursor->status().ok());
    return samples;
  };
  CHECK(count(matcher(NX_MATCH_EQ, "__name__", "a")) == 1);
  CHECK(count(matcher(NX_MATCH_NE, "__name__", "a")) == 2);
  CHECK(count(matcher(NX_MATCH_RE, "__name__", "a.*")) == 2);
  CHECK(count(matcher(NX_MATCH_RE, "__name__", "a|b|zzz")) == 2);
  CHECK(count(matcher(NX_MATCH_NRE, "__name__", "a|b")) == 1);
  CHECK(count(matcher(NX_MATCH_NRE, "__name__", "a.+")) == 2);
  CHECK(count(matcher(NX_MATCH_EQ, "nope", "")) == 3);
}

TEST_CASE("label names and values are sorted, unique and limited", "[store]") {
  Fixture f;
  f.write({"b", "a", "c"}, f.now);
  Result<Querier> querier = f.store.open(f.now - 1, f.now + 1);
  REQUIRE(querier.ok());
  CHECK(querier->label_names({}, 0).value() == std::vector<std::string>{"__name__", "job"});
  CHECK(querier->label_values("__name__", {}, 2).value() == std::vector<std::string>{"a", "b"});
  const Matcher only = matcher(NX_MATCH_EQ, "__name__", "c");
  CHECK(querier->label_values("__name__", std::span(&only, 1), 0).value() ==
        std::vector<std::string>{"c"});
  Result<Querier> before = f.store.open(0, 10);
  REQUIRE(before.ok());
  CHECK(before->label_names({}, 0).value().empty());
}

TEST_CASE("a bad expression is refused with the engine's words", "[store]") {
  const Result<Matcher> made = Matcher::make(NX_MATCH_RE, "a", "(");
  REQUIRE_FALSE(made.ok());
  CHECK(made.status().message().find("missing closing )") != std::string::npos);
}

TEST_CASE("a cancelled querier says so", "[store]") {
  Fixture f;
  f.write({"a"}, f.now);
  Result<Querier> querier = f.store.open(0, f.now);
  REQUIRE(querier.ok());
  Result<Cursor> cursor = querier->select({}, until(f.now));
  REQUIRE(cursor.ok());
  querier->cancel();
  CHECK_FALSE(cursor->next());
  CHECK(cursor->status().code() == NX_ERR_CANCELLED);
  CHECK_FALSE(cursor->next());
}

TEST_CASE("an appender that dies without commit stores nothing", "[store]") {
  Fixture f;
  { auto dropped = f.store.begin({}); }
  CHECK(f.store.stats(0, [](sdk::Value v) { CHECK(v["commits"].get<int>() == 0); }).ok());
}

TEST_CASE("deletion, retention and upkeep reach the backend", "[store]") {
  Fixture f;
  f.write({"a", "b"}, f.now);
  const Matcher a = matcher(NX_MATCH_EQ, "__name__", "a");
  CHECK(f.store.delete_series(std::span(&a, 1), 0, f.now).ok());
  CHECK(f.store.clean_deleted().ok());
  CHECK(f.store.set_retention({}).ok());
  CHECK_FALSE(f.store.maintain(INT64_MAX));
  CHECK(f.store.snapshot("/nowhere", false).code() == NX_ERR_UNSUPPORTED);
  Result<Querier> querier = f.store.open(0, f.now);
  REQUIRE(querier.ok());
  Result<Cursor> cursor = querier->select({}, until(f.now));
  REQUIRE(cursor.ok());
  REQUIRE(cursor->next());
  CHECK(cursor->block().series_count == 1);
}

TEST_CASE("the backend's figures show under Prometheus's names", "[store]") {
  Fixture f;
  f.write({"a", "b"}, f.now);
  telemetry::Registry registry;
  const auto handle = export_metrics(f.store, registry);
  const std::string text = telemetry::render_text(registry);
  CHECK(text.find("prometheus_tsdb_head_series 2\n") != std::string::npos);
  CHECK(text.find("prometheus_tsdb_head_samples_appended_total{type=\"float\"} 2\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace narthex::store
