// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <catch2/catch.hpp>

namespace narthex::storage::memory::test {
namespace {

const Labels kUp{{"__name__", "up"}, {"job", "a"}};
constexpr std::int64_t kNow = 1'700'000'000'000;

TEST_CASE("a written sample is read back", "[memory]") {
  Harness h;
  CHECK(h.write(kUp, kNow, 1.5) == NX_ROW_OK);
  const Found found = h.read({eq("__name__", "up")});
  REQUIRE(found.size() == 1);
  CHECK(found.at("__name__=up,job=a,") == std::vector<Value>{{kNow, bits_of(1.5)}});
}

TEST_CASE("samples survive sealing, in order and with every bit", "[memory]") {
  Harness h;
  const std::uint64_t ref = h.ref(kUp);
  std::vector<Value> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t bits = i % 97 == 5 ? NX_STALE_NAN_BITS : bits_of(i % 3 == 0 ? 0.1 * i : i);
    const std::int64_t t = kNow - 1'000'000 + i * 1000 + i % 7;
    REQUIRE(h.write_bits(ref, t, bits) == NX_ROW_OK);
    expected.push_back({t, bits});
  }
  CHECK(h.read({eq("job", "a")}).at("__name__=up,job=a,") == expected);
  const Found part = h.read({eq("job", "a")}, expected[100].t, expected[300].t);
  CHECK(part.at("__name__=up,job=a,") ==
        std::vector<Value>(expected.begin() + 100, expected.begin() + 301));
}

TEST_CASE("the newest time again is refused with another value only", "[memory]") {
  Harness h;
  CHECK(h.write(kUp, kNow, 1) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow, 1) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow, 2) == NX_ROW_DUPLICATE);
  CHECK(h.result.by_code[NX_ROW_DUPLICATE] == 1);
  CHECK(h.read({}).begin()->second == std::vector<Value>{{kNow, bits_of(1)}});
}

TEST_CASE("of older times the last write wins", "[memory]") {
  Harness h;
  CHECK(h.write(kUp, kNow, 9) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow - 10, 1) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow - 10, 2) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow - 20, 3) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow - 5, 4, NX_BATCH_REJECT_OOO) == NX_ROW_OUT_OF_ORDER);
  CHECK(h.read({}).begin()->second ==
        std::vector<Value>{{kNow - 20, bits_of(3)}, {kNow - 10, bits_of(2)}, {kNow, bits_of(9)}});
}

TEST_CASE("times beyond the retention or ten minutes ahead are refused", "[memory]") {
  Harness h;
  const std::int64_t day = 24 * 3600 * 1000;
  CHECK(h.write(kUp, kNow - 15 * day, 1) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow - 15 * day - 1, 1) == NX_ROW_TOO_OLD);
  CHECK(h.write(kUp, kNow + 600'000, 1) == NX_ROW_OK);
  CHECK(h.write(kUp, kNow + 600'001, 1) == NX_ROW_OUT_OF_BOUNDS);
  CHECK(h.write(kUp, INT64_MAX, 1) == NX_ROW_OUT_OF_BOUNDS);
  CHECK(h.write(kUp, INT64_MIN, 1) == NX_ROW_TOO_OLD);
  nx_retention retention{sizeof(nx_retention), 0, 100 * 365 * day, 0};
  REQUIRE(h.db().set_retention(retention).ok());
  CHECK(h.write(kUp, 0, 1) == NX_ROW_OK);
}

TEST_CASE("a commit after a querier was opened does not show in it", "[memory]") {
  Harness h;
  h.write(kUp, kNow, 1);
  const auto before = h.db().open(INT64_MIN, INT64_MAX);
  for (int i = 1; i < 200; ++i) h.write(kUp, kNow + i, i);
  const auto between = h.db().open(INT64_MIN, INT64_MAX);
  h.write(kUp, kNow + 200, 200);
  CHECK(h.read_from(*before, {}).begin()->second.size() == 1);
  CHECK(h.read_from(*between, {}).begin()->second.size() == 200);
  CHECK(h.read({}).begin()->second.size() == 201);
}

TEST_CASE("a transaction that is not committed leaves nothing", "[memory]") {
  Harness h;
  const std::uint64_t ref = h.ref(kUp);
  const double v = 1;
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = 1;
  batch.ref = &ref;
  batch.t = &kNow;
  batch.v = &v;
  {
    const auto txn = h.begin();
    CHECK(txn->append(batch, h.result) == NX_OK);
  }
  CHECK(h.read({}).empty());
}

TEST_CASE("bad label sets and unknown references are refused", "[memory]") {
  Harness h;
  CHECK(h.ref(Labels()) == 0);
  CHECK(h.last_code == NX_ROW_BAD_LABELS);
  CHECK(h.write_bits(12345, kNow, 0) == NX_ROW_UNKNOWN_REF);
}

TEST_CASE("matchers select as Prometheus's do, absent labels included", "[memory]") {
  Harness h;
  for (const char* job : {"a", "b", "ab"}) {
    h.write(Labels{{"__name__", "m"}, {"job", job}}, kNow, 1);
    h.write(Labels{{"__name__", "m"}, {"job", job}, {"env", "x"}}, kNow, 1);
  }
  h.write(Labels{{"__name__", "other"}}, kNow, 1);
  CHECK(h.read({eq("__name__", "m")}).size() == 6);
  CHECK(h.read({eq("__name__", "m"), eq("env", "")}).size() == 3);
  CHECK(h.read({eq("__name__", "m"), ne("env", "")}).size() == 3);
  CHECK(h.read({ne("job", "a")}).size() == 5);
  CHECK(h.read({re("job", "a.*")}).size() == 4);
  CHECK(h.read({re("job", "a|")}).size() == 3);
  CHECK(h.read({nre("job", "a.*")}).size() == 3);
  CHECK(h.read({nre("job", ".+")}).size() == 1);
  CHECK(h.read({eq("job", "none")}).empty());
  CHECK(h.read({eq("nolabel", "")}).size() == 7);
  CHECK(h.read({re("job", ".*"), eq("__name__", "other")}).size() == 1);
}

TEST_CASE("a select of a cancelled query ends among its values and its series", "[memory]") {
  Harness h;
  for (int i = 0; i < 5000; ++i) {
    h.write(Labels{{"__name__", "m"}, {"i", std::to_string(i)}}, kNow, 1);
  }
  const auto querier = h.db().open(INT64_MIN, INT64_MAX);
  const TestMatcher all = eq("__name__", "m");
  const TestMatcher some = nre("i", "x");
  nx_scan_opts opts{};
  opts.struct_size = sizeof opts;
  opts.mint = INT64_MIN;
  opts.maxt = INT64_MAX;
  const std::vector<const nx_matcher*> by_name = {&all};
  const std::vector<const nx_matcher*> by_value = {&all, &some};
  const auto cursor = querier->select(by_value, opts);
  querier->cancel();
  const auto code_of = [](const auto& f) -> nx_status {
    try {
      f();
    } catch (const sdk::Error& error) {
      return error.status().code();
    }
    return NX_OK;
  };
  CHECK(code_of([&] { (void)querier->select(by_value, opts); }) == NX_ERR_CANCELLED);
  CHECK(code_of([&] { (void)querier->select(by_name, opts); }) == NX_ERR_CANCELLED);
  nx_block block{};
  block.struct_size = sizeof block;
  CHECK(code_of([&] { (void)cursor->next(block); }) == NX_ERR_CANCELLED);
}

TEST_CASE("a sorted select is in label order", "[memory]") {
  Harness h;
  h.write(Labels{{"__name__", "m"}, {"a", "2"}}, kNow, 1);
  h.write(Labels{{"__name__", "m"}, {"a", "10"}}, kNow, 1);
  h.write(Labels{{"__name__", "m"}}, kNow, 1);
  h.write(Labels{{"__name__", "b"}, {"z", "1"}}, kNow, 1);
  h.write(Labels{{"A", "1"}}, kNow, 1);
  h.read({}, INT64_MIN, INT64_MAX, NX_SCAN_SORTED);
  CHECK(h.order == std::vector<std::string>{"A=1,", "__name__=b,z=1,", "__name__=m,",
                                            "__name__=m,a=10,", "__name__=m,a=2,"});
}

TEST_CASE("the newest sample alone, and staleness markers left out", "[memory]") {
  Harness h;
  const std::uint64_t ref = h.ref(kUp);
  h.write_bits(ref, kNow, bits_of(1));
  h.write_bits(ref, kNow + 10, bits_of(2));
  h.write_bits(ref, kNow + 20, NX_STALE_NAN_BITS);
  const auto last = [&](std::int64_t max_t, std::uint32_t flags) {
    const Found found = h.read({}, kNow, max_t, flags);
    return found.empty() ? std::vector<Value>() : found.begin()->second;
  };
  CHECK(last(kNow + 15, NX_SCAN_LAST) == std::vector<Value>{{kNow + 10, bits_of(2)}});
  CHECK(last(kNow + 25, NX_SCAN_LAST) == std::vector<Value>{{kNow + 20, NX_STALE_NAN_BITS}});
  CHECK(last(kNow + 25, NX_SCAN_LAST | NX_SCAN_DROP_STALE).empty());
  CHECK(last(kNow + 25, NX_SCAN_DROP_STALE).size() == 2);
}

}  // namespace
}  // namespace narthex::storage::memory::test
