// SPDX-License-Identifier: Apache-2.0
#include "storage/column/histogram_column.hpp"

#include <algorithm>

namespace narthex::storage::column {
namespace {

// The layout of one run, whose views and vectors the rows of the run will share.
struct RunLayout {
  std::size_t rows = 0;
  nx_histogram shape{};
  std::vector<nx_span> spans;
  std::vector<double> bounds;
};

bool parse_spans(ByteReader& in, std::vector<nx_span>& spans, std::uint32_t* count) {
  const std::uint64_t spans_here = in.varint();
  if (spans_here > in.left() / 2) return false;
  for (std::uint64_t i = 0; i < spans_here; ++i) {
    const auto offset = static_cast<std::int64_t>(in.difference(0));
    const std::uint64_t length = in.varint();
    if (offset < INT32_MIN || offset > INT32_MAX || length > UINT32_MAX) return false;
    spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
  }
  *count = static_cast<std::uint32_t>(spans_here);
  return in.ok();
}

bool parse_bounds(ByteReader& in, RunLayout& run) {
  const std::uint64_t count = in.varint();
  if (count > in.left() / sizeof(double)) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    run.bounds.push_back(std::bit_cast<double>(in.word<std::uint64_t>()));
  }
  run.shape.custom_value_count = static_cast<std::uint32_t>(count);
  return in.ok();
}

bool parse_layout(ByteReader& in, std::size_t rows_left, RunLayout& run) {
  const std::uint64_t rows = in.varint();
  if (rows == 0 || rows > rows_left) return false;
  run.rows = static_cast<std::size_t>(rows);
  run.shape.is_float = in.byte();
  const auto schema = static_cast<std::int64_t>(in.difference(0));
  if (run.shape.is_float > 1 || schema < INT32_MIN || schema > INT32_MAX) return false;
  run.shape.schema = static_cast<std::int32_t>(schema);
  run.shape.zero_threshold = std::bit_cast<double>(in.word<std::uint64_t>());
  if (!parse_spans(in, run.spans, &run.shape.pos_span_count) ||
      !parse_spans(in, run.spans, &run.shape.neg_span_count) || !parse_bounds(in, run)) {
    return false;
  }
  const std::uint64_t pos = in.varint();
  const std::uint64_t neg = in.varint();
  // A bucket's column has two bytes at least.
  if (pos > in.left() / 2 || neg > in.left() / 2) return false;
  run.shape.pos_bucket_count = static_cast<std::uint32_t>(pos);
  run.shape.neg_bucket_count = static_cast<std::uint32_t>(neg);
  return in.ok() && (pos + neg) * rows <= kHistogramCellsMax;
}

// Reads the columns of a run; of each, rows [from, to). One that is not wanted is only passed.
class RunReader {
 public:
  RunReader(ByteReader& in, RunLayout& run, std::size_t from, std::size_t to)
      : in_(in), run_(run), from_(from), to_(to) {}

  Status read(HistogramRows& out) {
    const bool is_float = run_.shape.is_float != 0;
    const std::size_t first = out.rows.size();
    const std::size_t count = to_ - from_;
    out.rows.resize(first + count, run_.shape);
    const std::span<nx_histogram> rows(out.rows.data() + first, count);
    each_integer([&](std::size_t i, std::uint64_t v) {
      rows[i].reset_hint = static_cast<std::uint8_t>(v);
      damaged_ |= v > UINT8_MAX;
    });
    each_count(is_float, [&](std::size_t i, nx_count v) { rows[i].count = v; });
    each_value([&](std::size_t i, double v) { rows[i].sum = v; });
    each_count(is_float, [&](std::size_t i, nx_count v) { rows[i].zero_count = v; });
    read_buckets(is_float, rows, out);
    if (!status_.ok()) return status_;
    if (damaged_) return invalid_data("histogram column: a hint that is none");
    place(rows, out);
    return {};
  }

 private:
  template <class Take>
  void each_integer(const Take& take) {
    if (!status_.ok()) return;
    status_ = decode_integers(in_, run_.rows, from_, to_, integers_.data());
    if (!status_.ok()) return;
    for (std::size_t i = 0; i < to_ - from_; ++i) take(i, integers_[i]);
  }

  template <class Take>
  void each_value(const Take& take) {
    if (!status_.ok()) return;
    const ByteView column = in_.bytes(in_.varint());
    status_ = decode_values(column, run_.rows, from_, to_, nullptr, values_.data());
    if (!status_.ok()) return;
    for (std::size_t i = 0; i < to_ - from_; ++i) take(i, values_[i]);
  }

  template <class Take>
  void each_count(bool is_float, const Take& take) {
    if (is_float) {
      each_value([&](std::size_t i, double v) { take(i, nx_count{.f = v}); });
    } else {
      each_integer([&](std::size_t i, std::uint64_t v) { take(i, nx_count{.u = v}); });
    }
  }

  void read_buckets(bool is_float, std::span<nx_histogram> rows, HistogramRows& out) {
    const std::size_t pos = run_.shape.pos_bucket_count;
    const std::size_t buckets = pos + run_.shape.neg_bucket_count;
    if (is_float) {
      std::vector<double>& cells = out.counts.emplace_back(buckets * rows.size());
      for (std::size_t b = 0; b < buckets && status_.ok(); ++b) {
        each_value([&](std::size_t i, double v) { cells[i * buckets + b] = v; });
      }
      for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].pos.counts = cells.data() + i * buckets;
        rows[i].neg.counts = cells.data() + i * buckets + pos;
      }
      return;
    }
    std::vector<std::int64_t>& cells = out.deltas.emplace_back(buckets * rows.size());
    for (std::size_t b = 0; b < buckets && status_.ok(); ++b) {
      if (b == 0 || b == pos) std::fill_n(absolute_.begin(), rows.size(), 0);
      each_integer([&](std::size_t i, std::uint64_t v) {
        cells[i * buckets + b] = static_cast<std::int64_t>(v - absolute_[i]);
        absolute_[i] = v;
      });
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].pos.deltas = cells.data() + i * buckets;
      rows[i].neg.deltas = cells.data() + i * buckets + pos;
    }
  }

  void place(std::span<nx_histogram> rows, HistogramRows& out) {
    const std::vector<nx_span>& spans = out.spans.emplace_back(std::move(run_.spans));
    const std::vector<double>& bounds = out.bounds.emplace_back(std::move(run_.bounds));
    for (nx_histogram& h : rows) {
      h.pos_spans = spans.data();
      h.neg_spans = spans.data() + h.pos_span_count;
      h.custom_values = bounds.data();
    }
  }

  ByteReader& in_;
  RunLayout& run_;
  std::size_t from_;
  std::size_t to_;
  Status status_;
  bool damaged_ = false;
  std::array<std::uint64_t, kRowsMax> integers_;
  std::array<std::uint64_t, kRowsMax> absolute_;
  std::array<double, kRowsMax> values_;
};

}  // namespace

Status decode_histograms(ByteView bytes, std::size_t rows, std::size_t from, std::size_t to,
                         HistogramRows& out) {
  ByteReader in(bytes);
  for (std::size_t row = 0; row < to;) {
    RunLayout run;
    if (!parse_layout(in, rows - row, run)) {
      return invalid_data("histogram column of " + std::to_string(rows) + " rows: damaged layout");
    }
    const std::size_t first = std::clamp(from, row, row + run.rows) - row;
    const std::size_t last = std::clamp(to, row, row + run.rows) - row;
    const Status status = RunReader(in, run, first, last).read(out);
    if (!status.ok()) return status.with_prefix("histogram column");
    row += run.rows;
  }
  return {};
}

}  // namespace narthex::storage::column
