// SPDX-License-Identifier: Apache-2.0
// The backend of agent mode: what it answers to rows, and that it keeps nothing of them.
#include "storage/none/family_querier.hpp"
#include "storage/none/write_txn.hpp"
#include "tests/support/storage_harness.hpp"

#include <catch2/catch.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace narthex::storage::none {
namespace {

using test::Table;

struct NoneFixture {
  NoneFixture() : written{SeriesBook(1), {}, {}, [this] { return now_ns; }} {
    for (const char* name : {"a", "b"}) (void)table.add(Labels{{"__name__", name}});
    WriteTxn txn(written);
    refs.resize(2);
    CHECK(txn.resolve(table.view(), refs.data(), nullptr) == NX_OK);
  }
  // Rows of (series, time, value) as one transaction; their codes.
  struct Row {
    std::uint64_t ref;
    std::int64_t t;
    double v;
  };
  static std::vector<std::uint8_t> append(WriteTxn& txn, const std::vector<Row>& rows,
                                          std::uint32_t flags = 0) {
    std::vector<std::uint64_t> ref;
    std::vector<std::int64_t> t;
    std::vector<double> v;
    for (const Row& row : rows) {
      ref.push_back(row.ref);
      t.push_back(row.t);
      v.push_back(row.v);
    }
    std::vector<std::uint8_t> codes(rows.size());
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = flags;
    batch.rows = rows.size();
    batch.ref = ref.data();
    batch.t = t.data();
    batch.v = v.data();
    nx_append_result result{};
    result.struct_size = sizeof result;
    result.row_code = codes.data();
    (void)txn.append(batch, result);
    CHECK(result.accepted + result.refused == rows.size());
    return codes;
  }
  std::vector<std::uint8_t> write(const std::vector<Row>& rows, std::uint32_t flags = 0) {
    WriteTxn txn(written);
    const std::vector<std::uint8_t> codes = append(txn, rows, flags);
    nx_append_result result{};
    (void)txn.commit(result);
    return codes;
  }

  std::int64_t now_ns = 1;
  Written written;
  Table table;
  std::vector<std::uint64_t> refs;
};

using Codes = std::vector<std::uint8_t>;

TEST_CASE_METHOD(NoneFixture, "a series has the same reference whenever it comes", "[none]") {
  CHECK(refs[0] != refs[1]);
  CHECK(refs[0] != 0);
  Table turned;
  for (const char* name : {"b", "a", "c"}) (void)turned.add(Labels{{"__name__", name}});
  std::vector<std::uint64_t> again(3);
  WriteTxn txn(written);
  CHECK(txn.resolve(turned.view(), again.data(), nullptr) == NX_OK);
  CHECK(again[0] == refs[1]);
  CHECK(again[1] == refs[0]);
  CHECK(written.book.size() == 3);
}

TEST_CASE_METHOD(NoneFixture, "texts of labels do not run into each other", "[none]") {
  Table pairs;
  (void)pairs.add(Labels{{"ab", "c"}});
  (void)pairs.add(Labels{{"a", "bc"}});
  (void)pairs.add(Labels{});
  std::vector<std::uint64_t> found(3);
  Codes codes(3);
  WriteTxn txn(written);
  CHECK(txn.resolve(pairs.view(), found.data(), codes.data()) == NX_PARTIAL);
  CHECK(codes == Codes{NX_ROW_OK, NX_ROW_OK, NX_ROW_BAD_LABELS});
  CHECK(found[0] != found[1]);
  CHECK(found[2] == 0);
}

TEST_CASE_METHOD(NoneFixture, "rows come in any order, the newest one only once", "[none]") {
  CHECK(write({{refs[0], 10, 1}, {refs[0], 5, 2}, {refs[1], 10, 1}}) == Codes(3, NX_ROW_OK));
  CHECK(write({{refs[0], 10, 1}, {refs[0], 10, 2}, {99, 10, 2}}) ==
        Codes{NX_ROW_OK, NX_ROW_DUPLICATE, NX_ROW_UNKNOWN_REF});
  CHECK(write({{refs[0], 9, 1}, {refs[0], 11, 2}}, NX_BATCH_REJECT_OOO) ==
        Codes{NX_ROW_OUT_OF_ORDER, NX_ROW_OK});
  CHECK(written.counts.samples == 5);
  CHECK(written.counts.duplicates == 1);
  CHECK(written.counts.out_of_order == 1);
}

TEST_CASE_METHOD(NoneFixture, "a rollback leaves no newest sample behind", "[none]") {
  (void)write({{refs[0], 10, 1}});
  {
    WriteTxn txn(written);
    CHECK(append(txn, {{refs[0], 20, 1}, {refs[0], 30, 1}, {refs[1], 20, 1}}) ==
          Codes(3, NX_ROW_OK));
  }
  CHECK(write({{refs[0], 20, 7}, {refs[1], 20, 7}, {refs[0], 10, 1}}) == Codes(3, NX_ROW_OK));
  CHECK(write({{refs[0], 20, 8}}) == Codes{NX_ROW_DUPLICATE});
  CHECK(written.counts.samples == 4);
}

TEST_CASE_METHOD(NoneFixture, "a layout stands for its series until it is forgotten", "[none]") {
  std::uint64_t layout = 0;
  const auto by_layout = [&](std::uint64_t rows, const std::uint64_t* present) {
    const std::int64_t t = now_ns;
    const std::vector<double> v(rows, 1.0);
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = NX_BATCH_ONE_T;
    batch.rows = rows;
    batch.layout = layout;
    batch.present = present;
    batch.t = &t;
    batch.v = v.data();
    nx_append_result result{};
    WriteTxn txn(written);
    (void)txn.append(batch, result);
    nx_append_result committed{};
    (void)txn.commit(committed);
    return std::pair(result.accepted, result.by_code[NX_ROW_UNKNOWN_REF]);
  };
  WriteTxn txn(written);
  layout = txn.layout(refs);
  const std::uint64_t second_only = 2;
  CHECK(by_layout(2, nullptr) == std::pair<std::uint64_t, std::uint64_t>{2, 0});
  CHECK(by_layout(2, &second_only) == std::pair<std::uint64_t, std::uint64_t>{1, 0});
  CHECK(by_layout(3, nullptr) == std::pair<std::uint64_t, std::uint64_t>{0, 3});
  now_ns += std::int64_t{3'600} * 1'000'000'000;
  written.book.forget_unused(now_ns);
  CHECK(written.book.size() == 0);
  CHECK(written.book.forgotten() == 2);
  CHECK(by_layout(2, nullptr) == std::pair<std::uint64_t, std::uint64_t>{0, 2});
}

TEST_CASE_METHOD(NoneFixture, "metadata is kept, and nothing else can be read", "[none]") {
  nx_metadata family{};
  family.series = NX_NONE;
  family.type = NX_TYPE_COUNTER;
  family.family = to_nx("a");
  family.help = to_nx("Help.");
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.meta = &family;
  batch.meta_count = 1;
  nx_append_result result{};
  WriteTxn txn(written);
  CHECK(txn.append(batch, result) == NX_OK);
  FamilyQuerier querier(written.families);
  const sdk::StrSink no_sink{};
  CHECK_THROWS_AS(querier.label_names({}, 0, no_sink), sdk::Error);
  CHECK_THROWS_AS(querier.label_values("a", {}, 0, no_sink), sdk::Error);
  CHECK_THROWS_AS(querier.select({}, nx_scan_opts{}), sdk::Error);
  CHECK_THROWS_AS(querier.exemplars({}, nullptr, nullptr), sdk::Error);
  std::vector<std::string> seen;
  const nx_metadata_sink keep = [](void* out, const nx_metadata* items, std::uint64_t count) {
    for (const nx_metadata& m : std::span(items, count)) {
      static_cast<std::vector<std::string>*>(out)->emplace_back(view(m.family));
    }
  };
  querier.metadata("", 0, keep, &seen);
  CHECK(seen == std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace narthex::storage::none
