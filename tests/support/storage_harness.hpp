// SPDX-License-Identifier: Apache-2.0
// storage_harness.hpp - a storage backend under test, with a clock that the test sets, plain ways
// to write and read, and matchers without a regex engine of ours. One thread.
#pragma once

#include <narthex/sdk/storage.hpp>

#include <narthex/sdk/labels.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace narthex::storage::test {

struct TestMatcher : nx_matcher {
  TestMatcher(std::uint32_t the_op, std::string the_name, std::string the_value)
      : nx_matcher(), name_text(std::move(the_name)), value_text(std::move(the_value)) {
    struct_size = sizeof(nx_matcher);
    op = the_op;
    name = to_nx(name_text);
    value = to_nx(value_text);
    match = [](const nx_matcher* self, const nx_str* values, std::uint64_t count,
               std::uint8_t* out) {
      for (std::uint64_t i = 0; i < count; ++i) {
        out[i] = static_cast<const TestMatcher*>(self)->matches(view(values[i])) ? 1 : 0;
      }
    };
    matches_empty = matches("") ? 1 : 0;
  }
  bool matches(std::string_view text) const {
    switch (op) {
      case NX_MATCH_EQ:
        return text == value_text;
      case NX_MATCH_NE:
        return text != value_text;
      default: {
        const bool found = std::regex_match(std::string(text), std::regex(value_text));
        return found == (op == NX_MATCH_RE);
      }
    }
  }
  std::string name_text;
  std::string value_text;
};

inline TestMatcher eq(std::string n, std::string v) {
  return {NX_MATCH_EQ, std::move(n), std::move(v)};
}
inline TestMatcher ne(std::string n, std::string v) {
  return {NX_MATCH_NE, std::move(n), std::move(v)};
}
inline TestMatcher re(std::string n, std::string v) {
  return {NX_MATCH_RE, std::move(n), std::move(v)};
}
inline TestMatcher nre(std::string n, std::string v) {
  return {NX_MATCH_NRE, std::move(n), std::move(v)};
}

// A series table of its own texts.
class Table {
 public:
  std::uint32_t add(const Labels& labels) {
    for (const auto& [name, value] : labels) {
      for (const std::string* text : {&name, &value}) {
        texts_.push_back(*text);
        refs_.push_back(static_cast<std::uint32_t>(texts_.size() - 1));
      }
    }
    offsets_.push_back(static_cast<std::uint32_t>(refs_.size() / 2));
    return static_cast<std::uint32_t>(offsets_.size() - 2);
  }
  const nx_series_table& view() {
    symbols_.clear();
    for (const std::string& text : texts_) symbols_.push_back(to_nx(text));
    table_.struct_size = sizeof table_;
    table_.series_count = static_cast<std::uint32_t>(offsets_.size() - 1);
    table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
    table_.symbols = symbols_.data();
    table_.label_ref = refs_.data();
    table_.label_off = offsets_.data();
    return table_;
  }

 private:
  std::deque<std::string> texts_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_{0};
  nx_series_table table_{};
};

// Samples by ref, those of a series one after the other.
struct SeriesRuns {
  void add(std::uint64_t series, std::int64_t at, double value) {
    refs.push_back(series);
    times.push_back(at);
    values.push_back(value);
  }
  nx_sample_batch view() const {
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = NX_BATCH_BY_SERIES;
    batch.rows = refs.size();
    batch.ref = refs.data();
    batch.t = times.data();
    batch.v = values.data();
    return batch;
  }
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> times;
  std::vector<double> values;
};

struct Value {
  std::int64_t t = 0;
  std::uint64_t bits = 0;
  bool histogram = false;
  friend bool operator==(const Value&, const Value&) = default;
};
using Found = std::map<std::string, std::vector<Value>>;

inline std::uint64_t bits_of(double v) { return std::bit_cast<std::uint64_t>(v); }

inline std::string text_of(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += name + "=" + value + ",";
  return out;
}

inline std::string labels_of(const nx_series_table& table, std::uint32_t row) {
  std::string out;
  for (std::uint32_t p = table.label_off[row]; p < table.label_off[row + 1]; ++p) {
    out += std::string(narthex::view(table.symbols[table.label_ref[2 * p]])) + "=" +
           std::string(narthex::view(table.symbols[table.label_ref[2 * p + 1]])) + ",";
  }
  return out;
}

// Backend is a class with the members that sdk::Storage asks for.
template <class Backend>
class StorageHarness {
 public:
  // What the backend sees of the world is this object's; it is made by the derived class.
  StorageHarness() = default;
  StorageHarness(const StorageHarness&) = delete;
  StorageHarness& operator=(const StorageHarness&) = delete;

  Backend& db() { return *backend; }

  std::uint64_t ref(const Labels& labels) {
    Table table;
    table.add(labels);
    const auto txn = begin();
    std::uint64_t out = 0;
    std::uint8_t code = 0;
    (void)txn->resolve(table.view(), &out, &code);
    last_code = code;
    return out;
  }
  std::unique_ptr<sdk::StorageTxn> begin(std::uint64_t cohort = 0) {
    nx_txn_opts opts{};
    opts.struct_size = sizeof opts;
    opts.cohort = cohort;
    return db().begin(opts);
  }
  // Writes and commits one sample; its row code.
  std::uint8_t write(const Labels& labels, std::int64_t t, double v, std::uint32_t flags = 0) {
    return write_bits(ref(labels), t, bits_of(v), flags);
  }
  std::uint8_t write_bits(std::uint64_t series, std::int64_t t, std::uint64_t bits,
                          std::uint32_t flags = 0) {
    const double v = std::bit_cast<double>(bits);
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.flags = flags;
    batch.rows = 1;
    batch.ref = &series;
    batch.t = &t;
    batch.v = &v;
    return append(batch);
  }
  std::uint8_t write_histogram(const Labels& labels, std::int64_t t, const nx_histogram& h) {
    const std::uint64_t series = ref(labels);
    const std::uint32_t index = 0;
    nx_sample_batch batch{};
    batch.struct_size = sizeof batch;
    batch.rows = 1;
    batch.ref = &series;
    batch.t = &t;
    batch.h = &index;
    batch.hists = &h;
    batch.hist_count = 1;
    return append(batch);
  }
  std::uint8_t append(const nx_sample_batch& batch, std::uint64_t cohort = 0) {
    const auto txn = begin(cohort);
    std::uint8_t code = 99;
    result = {};
    result.struct_size = sizeof result;
    result.row_code = &code;
    (void)txn->append(batch, result);
    nx_append_result committed{};
    committed.struct_size = sizeof committed;
    (void)txn->commit(committed);
    return code;
  }

  Found read(std::vector<TestMatcher> matchers, std::int64_t min_t = INT64_MIN,
             std::int64_t max_t = INT64_MAX, std::uint32_t flags = 0) {
    const auto querier = db().open(min_t, max_t);
    return read_from(*querier, std::move(matchers), min_t, max_t, flags);
  }
  Found read_from(sdk::StorageQuerier& querier, std::vector<TestMatcher> matchers,
                  std::int64_t min_t = INT64_MIN, std::int64_t max_t = INT64_MAX,
                  std::uint32_t flags = 0) {
    nx_scan_opts opts = scan_options;
    opts.struct_size = sizeof opts;
    opts.mint = min_t;
    opts.maxt = max_t;
    opts.flags = flags;
    std::vector<const nx_matcher*> raw;
    for (const TestMatcher& m : matchers) raw.push_back(&m);
    const auto cursor = querier.select(raw, opts);
    Found found;
    order.clear();
    blocks = shared_blocks = 0;
    missing.clear();
    std::unique_ptr<sdk::StorageCursor> half;
    if (split_after == 0) half = cursor->split();
    nx_block block{};
    block.struct_size = sizeof block;
    while (cursor->next(block) == NX_OK) {
      collect(block, found);
      if (blocks == split_after) half = cursor->split();
    }
    if (half != nullptr) {
      while (half->next(block) == NX_OK) collect(block, found);
      missing = half->missing();
    }
    was_split = half != nullptr;
    if (missing.empty()) missing = cursor->missing();
    return found;
  }

  std::int64_t now_ms = 1'700'000'000'000;
  std::int64_t mono_ns = 1;
  std::unique_ptr<Backend> backend;
  std::uint8_t last_code = 0;
  nx_append_result result{};
  nx_scan_opts scan_options{};
  int split_after = -1;            // blocks of a cursor that is then split; -1: none is
  bool was_split = false;          // whether the last one could be
  std::vector<std::string> order;  // of the series of the last read
  std::string missing;             // what that could not read
  int blocks = 0;
  int shared_blocks = 0;
  std::map<std::string, std::uint8_t> column_flags;
  std::map<std::string, std::vector<std::int64_t>> starts;

 private:
  void collect(const nx_block& block, Found& found) {
    ++blocks;
    const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
    shared_blocks += shared ? 1 : 0;
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      const std::string name = labels_of(*block.labels, s);
      order.push_back(name);
      std::vector<Value>& values = found[name];
      column_flags[name] = block.col_flags != nullptr ? block.col_flags[s] : std::uint8_t{0};
      for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
        const std::uint64_t at = block.off[s] + k;
        const std::int64_t t = block.t[shared ? k : at];
        const bool histogram = block.h != nullptr && block.h[at] != NX_NONE;
        const std::uint64_t bits =
            histogram ? block.hists[block.h[at]].count.u : bits_of(block.v[at]);
        values.push_back({t, bits, histogram});
        if (block.st != nullptr) starts[name].push_back(block.st[at]);
      }
    }
  }
};

}  // namespace narthex::storage::test
