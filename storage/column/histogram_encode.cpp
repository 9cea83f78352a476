// SPDX-License-Identifier: Apache-2.0
#include "storage/column/histogram_column.hpp"

#include <algorithm>
#include <cstring>

namespace narthex::storage::column {
namespace {

template <class T>
bool same_array(const T* a, const T* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof *a) == 0;
}

bool same_layout(const nx_histogram& a, const nx_histogram& b) {
  return a.schema == b.schema && a.is_float == b.is_float &&
         std::bit_cast<std::uint64_t>(a.zero_threshold) ==
             std::bit_cast<std::uint64_t>(b.zero_threshold) &&
         a.pos_span_count == b.pos_span_count && a.neg_span_count == b.neg_span_count &&
         a.pos_bucket_count == b.pos_bucket_count && a.neg_bucket_count == b.neg_bucket_count &&
         a.custom_value_count == b.custom_value_count &&
         same_array(a.pos_spans, b.pos_spans, a.pos_span_count) &&
         same_array(a.neg_spans, b.neg_spans, a.neg_span_count) &&
         same_array(a.custom_values, b.custom_values, a.custom_value_count);
}

void put_spans(const nx_span* spans, std::size_t count, Bytes& out) {
  put_varint(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    put_difference(out, static_cast<std::uint64_t>(std::int64_t{spans[i].offset}), 0);
    put_varint(out, spans[i].length);
  }
}

void put_layout(const nx_histogram& h, std::size_t rows, Bytes& out) {
  put_varint(out, rows);
  out.push_back(h.is_float != 0 ? 1 : 0);
  put_difference(out, static_cast<std::uint64_t>(std::int64_t{h.schema}), 0);
  put_word(out, std::bit_cast<std::uint64_t>(h.zero_threshold));
  put_spans(h.pos_spans, h.pos_span_count, out);
  put_spans(h.neg_spans, h.neg_span_count, out);
  put_varint(out, h.custom_value_count);
  for (std::size_t i = 0; i < h.custom_value_count; ++i) {
    put_word(out, std::bit_cast<std::uint64_t>(h.custom_values[i]));
  }
  put_varint(out, h.pos_bucket_count);
  put_varint(out, h.neg_bucket_count);
}

// One run: columns are gathered across its histograms, which is a stride through memory, so that
// integer buckets are made absolute once for all of them.
class Run {
 public:
  Run(std::span<const nx_histogram> rows, ValueScratch& scratch, Bytes& out)
      : rows_(rows), scratch_(scratch), out_(out) {}

  void put() {
    const nx_histogram& first = rows_.front();
    const bool is_float = first.is_float != 0;
    put_layout(first, rows_.size(), out_);
    put_integer_column([](const nx_histogram& h) -> std::uint64_t { return h.reset_hint; });
    put_counts(is_float, [](const nx_histogram& h) { return h.count; });
    put_value_column([](const nx_histogram& h) { return h.sum; });
    put_counts(is_float, [](const nx_histogram& h) { return h.zero_count; });
    put_buckets(&nx_histogram::pos, first.pos_bucket_count, is_float);
    put_buckets(&nx_histogram::neg, first.neg_bucket_count, is_float);
  }

 private:
  template <class Get>
  void put_integer_column(const Get& get) {
    for (std::size_t i = 0; i < rows_.size(); ++i) integers_[i] = get(rows_[i]);
    encode_integers({integers_.data(), rows_.size()}, Effort::kSample, scratch_.integers, out_);
  }

  // A value column does not know its end, so its size stands in front.
  template <class Get>
  void put_value_column(const Get& get) {
    for (std::size_t i = 0; i < rows_.size(); ++i) values_[i] = get(rows_[i]);
    column_.clear();
    (void)encode_values({values_.data(), rows_.size()}, {}, scratch_, column_);
    put_varint(out_, column_.size());
    put_bytes(out_, column_);
  }

  template <class Get>
  void put_counts(bool is_float, const Get& get) {
    if (is_float) {
      put_value_column([&](const nx_histogram& h) { return get(h).f; });
    } else {
      put_integer_column([&](const nx_histogram& h) { return get(h).u; });
    }
  }

  void put_buckets(nx_buckets nx_histogram::*side, std::size_t count, bool is_float) {
    std::fill_n(absolute_.begin(), rows_.size(), 0);
    for (std::size_t b = 0; b < count; ++b) {
      if (is_float) {
        put_value_column([&](const nx_histogram& h) { return (h.*side).counts[b]; });
        continue;
      }
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        absolute_[i] += static_cast<std::uint64_t>((rows_[i].*side).deltas[b]);
      }
      encode_integers({absolute_.data(), rows_.size()}, Effort::kSample, scratch_.integers, out_);
    }
  }

  std::span<const nx_histogram> rows_;
  ValueScratch& scratch_;
  Bytes& out_;
  Bytes column_;
  std::array<std::uint64_t, kRowsMax> integers_;
  std::array<std::uint64_t, kRowsMax> absolute_;
  std::array<double, kRowsMax> values_;
};

std::size_t run_end(std::span<const nx_histogram> rows, std::size_t from) {
  std::size_t to = from + 1;
  while (to < rows.size() && same_layout(rows[from], rows[to])) ++to;
  return to;
}

}  // namespace

Status encode_histograms(std::span<const nx_histogram> histograms, ValueScratch& scratch,
                         Bytes& out) {
  std::size_t cells = 0;
  for (const nx_histogram& h : histograms) {
    cells += std::size_t{h.pos_bucket_count} + h.neg_bucket_count + h.custom_value_count + 1;
  }
  if (cells > kHistogramCellsMax) {
    return invalid_argument("histogram column: more than " + std::to_string(kHistogramCellsMax) +
                            " buckets in " + std::to_string(histograms.size()) + " rows");
  }
  for (std::size_t from = 0; from < histograms.size();) {
    const std::size_t to = run_end(histograms, from);
    Run(histograms.subspan(from, to - from), scratch, out).put();
    from = to;
  }
  return {};
}

}  // namespace narthex::storage::column
