// SPDX-License-Identifier: Apache-2.0
#include "storage/column/histogram_column.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <memory>
#include <random>

namespace narthex::storage::column {
namespace {

// Histograms and what they point to.
struct Made {
  std::deque<std::vector<nx_span>> spans;
  std::deque<std::vector<double>> numbers;
  std::deque<std::vector<std::int64_t>> deltas;
  std::vector<nx_histogram> rows;
};

nx_histogram make_layout(Made& made, std::mt19937_64& random) {
  nx_histogram h{};
  h.is_float = random() % 2;
  if (random() % 3 == 0) {
    h.schema = NX_SCHEMA_CUSTOM;
    std::vector<double>& bounds = made.numbers.emplace_back();
    for (int i = 0; i < 5; ++i) bounds.push_back(0.1 * (i + 1));
    h.custom_value_count = 5;
    h.custom_values = bounds.data();
    h.pos_bucket_count = 6;
  } else {
    h.schema = static_cast<std::int32_t>(random() % 13) - 4;
    h.zero_threshold = 0x1p-128;
    h.pos_bucket_count = static_cast<std::uint32_t>(random() % 20);
    h.neg_bucket_count = static_cast<std::uint32_t>(random() % 5);
  }
  for (const std::uint32_t count : {h.pos_bucket_count, h.neg_bucket_count}) {
    std::vector<nx_span>& spans = made.spans.emplace_back();
    if (count > 1) spans.push_back({-3, count / 2});
    if (count > 0) spans.push_back({2, count - count / 2});
  }
  const auto& neg = made.spans.back();
  const auto& pos = *(made.spans.end() - 2);
  h.pos_spans = pos.data();
  h.pos_span_count = static_cast<std::uint32_t>(pos.size());
  h.neg_spans = neg.data();
  h.neg_span_count = static_cast<std::uint32_t>(neg.size());
  return h;
}

void add_row(Made& made, std::mt19937_64& random, nx_histogram h) {
  const auto n = made.rows.size();
  h.reset_hint = static_cast<std::uint8_t>(random() % 20 == 0 ? random() % 4 : 2);
  h.sum = random() % 40 == 0 ? std::bit_cast<double>(NX_STALE_NAN_BITS)
                             : 0.25 * static_cast<double>(n * 7 + random() % 5);
  const std::size_t buckets = std::size_t{h.pos_bucket_count} + h.neg_bucket_count;
  if (h.is_float != 0) {
    h.count.f = static_cast<double>(n) * 1.5;
    h.zero_count.f = static_cast<double>(n);
    std::vector<double>& counts = made.numbers.emplace_back(buckets);
    for (double& c : counts) c = static_cast<double>(n * 3 + random() % 9) / 2;
    h.pos.counts = counts.data();
    h.neg.counts = counts.data() + h.pos_bucket_count;
  } else {
    h.count.u = random() % 50 == 0 ? random() : n * 100 + random() % 7;
    h.zero_count.u = n;
    std::vector<std::int64_t>& deltas = made.deltas.emplace_back(buckets);
    for (auto& d : deltas) d = static_cast<std::int64_t>(random() % 50) - 20;
    if (!deltas.empty() && random() % 50 == 0) deltas[0] = INT64_MIN;
    h.pos.deltas = deltas.data();
    h.neg.deltas = deltas.data() + h.pos_bucket_count;
  }
  made.rows.push_back(h);
}

Made make_rows(std::mt19937_64& random, std::size_t rows) {
  Made made;
  nx_histogram layout = make_layout(made, random);
  while (made.rows.size() < rows) {
    if (random() % 100 == 0) layout = make_layout(made, random);
    add_row(made, random, layout);
  }
  return made;
}

template <class T>
bool same(const T* a, const T* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof *a) == 0;
}

void check_same(const nx_histogram& a, const nx_histogram& b) {
  REQUIRE(a.schema == b.schema);
  REQUIRE(a.is_float == b.is_float);
  REQUIRE(a.reset_hint == b.reset_hint);
  REQUIRE(same(&a.zero_threshold, &b.zero_threshold, 1));
  REQUIRE(a.count.u == b.count.u);
  REQUIRE(a.zero_count.u == b.zero_count.u);
  REQUIRE(same(&a.sum, &b.sum, 1));
  REQUIRE(a.pos_span_count == b.pos_span_count);
  REQUIRE(a.neg_span_count == b.neg_span_count);
  REQUIRE(a.pos_bucket_count == b.pos_bucket_count);
  REQUIRE(a.neg_bucket_count == b.neg_bucket_count);
  REQUIRE(a.custom_value_count == b.custom_value_count);
  REQUIRE(same(a.pos_spans, b.pos_spans, a.pos_span_count));
  REQUIRE(same(a.neg_spans, b.neg_spans, a.neg_span_count));
  REQUIRE(same(a.pos.deltas, b.pos.deltas, a.pos_bucket_count));
  REQUIRE(same(a.neg.deltas, b.neg.deltas, a.neg_bucket_count));
  REQUIRE(same(a.custom_values, b.custom_values, a.custom_value_count));
}

}  // namespace

TEST_CASE("histograms of changing layouts come back whole and in part", "[column]") {
  std::mt19937_64 random(50);
  const auto scratch = std::make_unique<ValueScratch>();
  for (const std::size_t rows : {1, 2, 100, 128, 300, 1024}) {
    for (int round = 0; round < 6; ++round) {
      CAPTURE(rows, round);
      const Made made = make_rows(random, rows);
      Bytes bytes;
      REQUIRE(encode_histograms(made.rows, *scratch, bytes).ok());
      for (int part = 0; part < 4; ++part) {
        const std::size_t from = part == 0 ? 0 : random() % rows;
        const std::size_t to = part == 0 ? rows : from + random() % (rows - from + 1);
        HistogramRows out;
        const Status status = decode_histograms(bytes, rows, from, to, out);
        INFO(status.message());
        REQUIRE(status.ok());
        REQUIRE(out.rows.size() == to - from);
        const HistogramRows moved = std::move(out);
        for (std::size_t i = from; i < to; ++i) check_same(moved.rows[i - from], made.rows[i]);
      }
    }
  }
}

TEST_CASE("a histogram with too many buckets is refused, not stored in part", "[column]") {
  Made made;
  nx_histogram h{};
  h.pos_bucket_count = 4096;
  made.spans.push_back({{0, 4096}});
  made.deltas.emplace_back(4096, 1);
  h.pos_spans = made.spans[0].data();
  h.pos_span_count = 1;
  h.pos.deltas = made.deltas[0].data();
  made.rows.assign(1024, h);
  const auto scratch = std::make_unique<ValueScratch>();
  Bytes bytes;
  CHECK(encode_histograms(made.rows, *scratch, bytes).code() == NX_ERR_INVALID_ARGUMENT);
  CHECK(bytes.empty());
  CHECK(encode_histograms(std::span(made.rows).first(256), *scratch, bytes).ok());
}

TEST_CASE("damaged histogram columns are errors or histograms, never more", "[column]") {
  std::mt19937_64 random(51);
  const auto scratch = std::make_unique<ValueScratch>();
  const Made made = make_rows(random, 150);
  Bytes bytes;
  REQUIRE(encode_histograms(made.rows, *scratch, bytes).ok());
  for (int round = 0; round < 3000; ++round) {
    Bytes broken = bytes;
    broken[random() % (round % 2 == 0 ? 60 : broken.size())] = static_cast<std::uint8_t>(random());
    HistogramRows out;
    (void)decode_histograms(broken, 150, 0, 150, out);
    HistogramRows none;
    const ByteView cut(bytes.data(), random() % bytes.size());
    REQUIRE(!decode_histograms(cut, 150, 0, 150, none).ok());
  }
}

}  // namespace narthex::storage::column
