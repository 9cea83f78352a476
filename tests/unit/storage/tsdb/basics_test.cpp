// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace narthex::storage::tsdb::test {
namespace {

const Labels kUp{{"__name__", "up"}, {"instance", "b"}, {"job", "a"}};
const std::string kUpText = "__name__=up,instance=b,job=a,";

std::vector<Value> write_some(Harness& h, const Labels& labels, int count, int every_ms) {
  std::vector<Value> expected;
  const std::uint64_t ref = h.ref(labels);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t bits = i % 97 == 5 ? NX_STALE_NAN_BITS : bits_of(i % 3 == 0 ? 0.1 * i : i);
    const std::int64_t t = kNow - std::int64_t{count - i} * every_ms;
    REQUIRE(h.write_bits(ref, t, bits) == NX_ROW_OK);
    expected.push_back({t, bits});
  }
  return expected;
}

TEST_CASE("samples are read from the head, from tables, and across both", "[tsdb]") {
  Harness h;
  std::vector<Value> expected = write_some(h, kUp, 3000, 60'000);
  CHECK(h.read({eq("job", "a")}).at(kUpText) == expected);
  h.flush_all();
  CHECK(h.files->exists("data/inventory"));
  CHECK(h.read({eq("job", "a")}).at(kUpText) == expected);
  REQUIRE(h.write(kUp, kNow, 7) == NX_ROW_OK);
  expected.push_back({kNow, bits_of(7)});
  CHECK(h.read({eq("job", "a")}).at(kUpText) == expected);
  const Found part = h.read({eq("job", "a")}, expected[100].t, expected[300].t);
  CHECK(part.at(kUpText) == std::vector<Value>(expected.begin() + 100, expected.begin() + 301));
  const Found last = h.read({eq("job", "a")}, INT64_MIN, expected[300].t, NX_SCAN_LAST);
  CHECK(last.at(kUpText) == std::vector<Value>{expected[300]});
}

// Series in the head and in tables, of more batches than one.
TEST_CASE("a cancel ends a select between its batches, and those that follow", "[tsdb]") {
  Harness h;
  const auto write_all = [&](std::int64_t t) {
    for (int i = 0; i < 3000; ++i) {
      REQUIRE(h.write(Labels{{"__name__", "m"}, {"i", std::to_string(i)}}, t, i) == NX_ROW_OK);
    }
  };
  write_all(kNow - 3 * 86'400'000);
  h.flush_all();
  write_all(kNow);
  const TestMatcher all = eq("__name__", "m");
  const TestMatcher some = nre("i", "x");
  const std::vector<const nx_matcher*> matchers = {&all, &some};
  nx_scan_opts opts{};
  opts.struct_size = sizeof opts;
  opts.mint = INT64_MIN;
  opts.maxt = INT64_MAX;
  opts.block_samples = 512;
  const auto code_of = [](const auto& f) -> nx_status {
    try {
      return f();
    } catch (const sdk::Error& error) {
      return error.status().code();
    }
  };
  const auto batches_of = [&](std::size_t cancel_after) {
    const auto querier = h.db().open(INT64_MIN, INT64_MAX);
    const auto cursor = querier->select(matchers, opts);
    nx_block block{};
    block.struct_size = sizeof block;
    std::size_t batches = 0;
    nx_status status = NX_OK;
    for (;; ++batches) {
      if (batches == cancel_after) querier->cancel();
      status = code_of([&] { return cursor->next(block); });
      if (status != NX_OK) break;
    }
    if (cancel_after <= batches) {
      CHECK(status == NX_ERR_CANCELLED);
      CHECK(code_of([&] {
              (void)querier->select(matchers, opts);
              return NX_OK;
            }) == NX_ERR_CANCELLED);
    } else {
      CHECK(status == NX_END);
    }
    return batches;
  };
  const std::size_t whole = batches_of(SIZE_MAX);
  REQUIRE(whole > 4);
  for (const std::size_t after : {std::size_t{0}, std::size_t{1}, whole / 2, whole - 1}) {
    CHECK(batches_of(after) == after);
  }
}

// The series in rows of a group in the head, by themselves there, and in tables.
TEST_CASE("a cursor shares what it has left with another", "[tsdb]") {
  Harness h;
  for (int i = 0; i < 600; ++i) {
    const Labels labels{{"__name__", "m"}, {"i", std::to_string(i)}};
    REQUIRE(h.write(labels, kNow - 3 * 86'400'000, i) == NX_ROW_OK);
  }
  h.flush_all();
  for (int i = 300; i < 900; ++i) {
    const Labels labels{{"__name__", "m"}, {"i", std::to_string(i)}};
    REQUIRE(h.write(labels, kNow, i) == NX_ROW_OK);
  }
  h.scan_options.block_samples = 64;
  const Found whole = h.read({eq("__name__", "m")});
  REQUIRE(whole.size() == 900);
  const int blocks = h.blocks;
  // Before the first block, within what is copied at once, beyond it, and near the end.
  for (const int after : {0, 1, 2, 5, 9, blocks - 2}) {
    h.split_after = after;
    CHECK(h.read({eq("__name__", "m")}) == whole);
    CHECK(h.was_split);
    CHECK(h.order.size() == 900);  // each series from one of the two
  }
  h.split_after = blocks;
  CHECK(h.read({eq("__name__", "m")}) == whole);
  CHECK_FALSE(h.was_split);
  h.split_after = 0;
  CHECK(h.read({eq("__name__", "m")}, INT64_MIN, INT64_MAX, NX_SCAN_SORTED) == whole);
  CHECK_FALSE(h.was_split);
  CHECK(h.read({re("i", "1.?")}).size() == 11);
  CHECK(h.was_split);
  CHECK(h.read({re("i", "1.")}, kNow - 3 * 86'400'000, kNow - 3 * 86'400'000).size() == 10);
  CHECK_FALSE(h.was_split);  // of so few samples
  h.scan_options.limit_series = 20;
  CHECK(h.read({eq("__name__", "m")}).size() == 20);
  CHECK_FALSE(h.was_split);
}

TEST_CASE("what cannot be read is missing from an answer and told with it", "[tsdb]") {
  Harness h;
  const std::vector<Value> all = write_some(h, kUp, 3000, 60'000);  // of more than two days
  h.flush_all();
  std::vector<std::string> tables;
  const auto names = h.files->list("data/partitions");
  for (const std::string& name : *names) {
    if (name.ends_with(".table")) tables.push_back(name);
  }
  REQUIRE(tables.size() >= 3);
  CHECK(h.read({eq("job", "a")}).at(kUpText) == all);
  CHECK(h.missing.empty());

  // A page of one table, and the whole of another.
  h.files->content("data/partitions/" + tables[0])[10] ^= 1;
  h.files->content("data/partitions/" + tables[1]).resize(100);
  h.crash();
  const Found found = h.read({eq("job", "a")});
  CHECK(found.at(kUpText).size() < all.size());
  CHECK(h.missing.find(tables[0] + ": ") != std::string::npos);
  CHECK(h.missing.find(tables[1] + ": ") != std::string::npos);
  // Of times that nothing is missing of nothing is told.
  CHECK(h.read({eq("job", "a")}, all.back().t - 1000).at(kUpText).size() == 1);
  CHECK(h.missing.empty());

  REQUIRE(h.files->unlink("data/partitions/" + tables.back()).ok());
  h.crash();
  (void)h.read({eq("job", "a")});
  CHECK(h.missing.find(tables.back() + ": the file is missing") != std::string::npos);
}

TEST_CASE("series that are archived and written to share a block, and their flags hold", "[tsdb]") {
  Harness h;
  // Values before and behind the flush, and what is true of them all.
  struct Case {
    const char* name;
    double older, older_step, newer;
    unsigned flags;
  };
  const Case cases[] = {
      {"a_rises", 1, 1, 1000, NX_COL_MONOTONE},
      {"b_falls_where_the_parts_meet", 1, 1, 5, 0},
      {"c_constant", 7, 0, 7, NX_COL_MONOTONE | NX_COL_CONST},
      {"d_constant_and_another", 7, 0, 8, NX_COL_MONOTONE},
      {"e_restarts", 7, 0, 6, 0},
  };
  constexpr int kOlder = 40;
  std::map<std::string, std::vector<Value>> expected;
  const auto write = [&](const Case& c, int i, double v) {
    const std::int64_t t = kNow - 3'600'000 + i * 15'000;
    REQUIRE(h.write({{"__name__", c.name}}, t, v) == NX_ROW_OK);
    expected["__name__=" + std::string(c.name) + ","].push_back({t, bits_of(v)});
  };
  for (const Case& c : cases) {
    for (int i = 0; i < kOlder; ++i) write(c, i, c.older + i * c.older_step);
  }
  h.flush_all();
  for (const Case& c : cases) {
    for (int i = kOlder; i < kOlder + 3; ++i) write(c, i, c.newer);
  }
  CHECK(h.read({}) == expected);
  CHECK(h.blocks == 1);
  CHECK(h.shared_blocks == 1);
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(h.column_flags.at("__name__=" + std::string(c.name) + ",") == c.flags);
  }

  // One that ends in the table, and one that has a marker in the head, are as they were.
  const Case gone{"f_gone", 3, 1, 0, 0};
  for (int i = 0; i < kOlder; ++i) write(gone, i, i);
  h.flush_all();
  const std::int64_t now = kNow - 3'600'000 + (kOlder + 3) * 15'000;
  for (const Case& c : cases) {
    const std::uint64_t ref = h.ref({{"__name__", c.name}});
    REQUIRE(h.write_bits(ref, now, NX_STALE_NAN_BITS) == NX_ROW_OK);
  }
  CHECK(h.read({}, INT64_MIN, INT64_MAX, NX_SCAN_DROP_STALE) == expected);
}

TEST_CASE("what was acknowledged survives a crash, a power cut and a restart", "[tsdb]") {
  Options options;
  options.fsync = "always";
  Harness h(options);
  const std::vector<Value> expected = write_some(h, kUp, 500, 15'000);
  SECTION("a crash") { h.crash(); }
  SECTION("a power cut") { h.power_cut(); }
  SECTION("a clean restart") { h.restart(); }
  SECTION("a crash after a flush") {
    h.flush_all();
    h.crash();
  }
  SECTION("two crashes") {
    h.crash();
    h.crash();
  }
  CHECK(h.read({eq("job", "a")}).at(kUpText) == expected);
  CHECK(h.complaints.empty());
}

TEST_CASE("a late write over a flushed sample holds, also after the next flush", "[tsdb]") {
  Harness h;
  std::vector<Value> expected = write_some(h, kUp, 100, 15'000);
  h.flush_all();
  REQUIRE(h.write(kUp, expected[40].t, 99) == NX_ROW_OK);
  expected[40].bits = bits_of(99);
  CHECK(h.read({}).at(kUpText) == expected);
  SECTION("after a flush") { (void)h.db().snapshot("elsewhere", 0); }
  SECTION("after a merge") { h.flush_all(); }
  SECTION("after a crash") { h.crash(); }
  CHECK(h.read({}).at(kUpText) == expected);
}

TEST_CASE("deleted samples are gone from head and tables, for good", "[tsdb]") {
  Harness h;
  std::vector<Value> expected = write_some(h, kUp, 200, 15'000);
  h.flush_all();
  REQUIRE(h.write(kUp, kNow, 1) == NX_ROW_OK);
  const TestMatcher m = eq("job", "a");
  const nx_matcher* raw = &m;
  REQUIRE(h.db().delete_series(std::span(&raw, 1), expected[50].t, INT64_MAX).ok());
  expected.resize(50);
  CHECK(h.read({}).at(kUpText) == expected);
  SECTION("after cleaning") { REQUIRE(h.db().clean_deleted().ok()); }
  SECTION("after a crash") { h.crash(); }
  SECTION("after cleaning and a crash") {
    REQUIRE(h.db().clean_deleted().ok());
    h.crash();
  }
  CHECK(h.read({}).at(kUpText) == expected);
}

TEST_CASE("a series that is known by a table only matches and is listed", "[tsdb]") {
  Harness h;
  (void)write_some(h, kUp, 10, 15'000);
  h.restart();
  const auto querier = h.db().open(kNow - 3'600'000, kNow);
  std::vector<std::string> names;
  querier->label_names(
      {}, 0,
      {[](void* context, const nx_str* items, std::uint64_t count) {
         for (std::uint64_t i = 0; i < count; ++i) {
           static_cast<std::vector<std::string>*>(context)->emplace_back(narthex::view(items[i]));
         }
       },
       &names});
  CHECK(names == std::vector<std::string>{"__name__", "instance", "job"});
  CHECK(h.read({re("job", "a|z")}).size() == 1);
}

TEST_CASE("tables of the day that hold other hours stay closed", "[tsdb]") {
  constexpr std::int64_t kHour = 3'600'000;
  Options options;
  options.head_bytes = 1;
  Harness h(options);
  for (const std::int64_t hours : {9, 3}) {
    REQUIRE(h.write({{"__name__", "up"}, {"h", std::to_string(hours)}}, kNow - hours * kHour, 1) ==
            NX_ROW_OK);
    (void)h.db().maintain(h.mono_ns + 1'000'000'000);
  }
  h.crash();
  Files& files = h.db().files();
  REQUIRE(files.catalogue->tables()->size() == 2);
  CHECK(files.archive->current()->empty());
  CHECK(h.read({eq("__name__", "up")}, kNow - 4 * kHour, kNow).size() == 1);
  CHECK(files.archive->current()->size() == 1);
  CHECK(h.read({eq("__name__", "up")}, kNow - 10 * kHour, kNow).size() == 2);
  CHECK(files.archive->current()->size() == 2);
}

TEST_CASE("series that hold little are no reason for a flush, however many", "[tsdb]") {
  Options options;
  options.head_bytes = 4096;
  Harness h(options);
  const auto write_all = [&](std::int64_t t) {
    for (int i = 0; i < 200; ++i) {
      REQUIRE(h.write({{"__name__", "m"}, {"i", std::to_string(i)}}, t, i) == NX_ROW_OK);
    }
    (void)h.db().maintain(h.mono_ns + 1'000'000'000);
  };
  write_all(kNow - 60'000);
  CHECK(h.db().files().catalogue->tables()->empty());
  write_all(kNow - 45'000);
  CHECK(h.db().files().catalogue->tables()->size() == 1);
  write_all(kNow - 30'000);
  CHECK(h.db().files().catalogue->tables()->size() == 1);
}

TEST_CASE("tables are merged while flush follows flush", "[tsdb]") {
  Options options;
  options.head_bytes = 1;
  Harness h(options);
  for (int i = 0; i < 300; ++i) {
    REQUIRE(h.write(kUp, kNow - 600'000 + i, i) == NX_ROW_OK);
    (void)h.db().maintain(h.mono_ns - 1);  // as little as can be
  }
  const partition::TableName& oldest = h.db().files().catalogue->tables()->front()->name();
  CHECK(oldest.last >= oldest.first + 11);
  CHECK(h.read({}).at(kUpText).size() == 300);
}

TEST_CASE("a missing table is told", "[tsdb]") {
  Harness h;
  (void)write_some(h, kUp, 100, 15'000);
  h.flush_all();
  h.crash();
  CHECK(h.complaints.empty());
  const auto tables = h.db().files().catalogue->tables();
  REQUIRE(tables->size() == 1);
  REQUIRE(h.files->unlink("data/partitions/" + tables->front()->name().file()).ok());
  h.crash();
  REQUIRE(h.complaints.size() == 1);
  CHECK(h.complaints[0].find("is missing") != std::string::npos);
  CHECK(h.read({}).empty());
  CHECK(h.write(kUp, kNow, 1) == NX_ROW_OK);
}

TEST_CASE("retention by a part of the file system drops the oldest tables", "[tsdb]") {
  Harness h;
  (void)write_some(h, kUp, 3000, 120'000);  // four days
  h.flush_all();
  const std::size_t before = h.db().files().catalogue->tables()->size();
  REQUIRE(before > 3);
  h.files->set_capacity(std::uint64_t{1} << 30);
  nx_retention retention{};
  retention.struct_size = sizeof retention;
  SECTION("there is room") {
    retention.max_percent = 50;
    REQUIRE(h.db().set_retention(retention).ok());
    (void)h.db().maintain(INT64_MAX);
    CHECK(h.db().files().catalogue->tables()->size() == before);
  }
  SECTION("there is none") {
    h.files->set_capacity(h.db().files().disk_bytes() * 2);
    retention.max_percent = 20;
    REQUIRE(h.db().set_retention(retention).ok());
    const std::int64_t first = h.db().files().catalogue->tables()->front()->name().partition;
    (void)h.db().maintain(INT64_MAX);
    const auto left = h.db().files().catalogue->tables();
    CHECK(left->size() < before);
    if (!left->empty()) CHECK(left->front()->name().partition > first);
  }
}

}  // namespace
}  // namespace narthex::storage::tsdb::test
