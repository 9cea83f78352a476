// SPDX-License-Identifier: Apache-2.0
// held_rows.hpp - a whole result in memory, as the batches that it came in: nothing is copied, and
// a series is a row of one of them. One thread.
#pragma once

#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/operators.hpp"

#include <cstdint>
#include <vector>

namespace narthex::promql {

class HeldRows {
 public:
  explicit HeldRows(Context& context) : samples_(context) {}

  // All of a stream; false after a failure.
  bool drain(Stream& stream) {
    if (!keep_batches(stream, parts_, samples_)) return false;
    std::size_t series_count = 0;
    for (const Batch& part : parts_) series_count += part.series_count();
    rows_.reserve(series_count);
    for (std::uint32_t number = 0; number < parts_.size(); ++number) {
      const Batch& part = parts_[number];
      has_histograms_ = has_histograms_ || !part.h.empty();
      for (std::uint32_t i = 0; i < part.series_count(); ++i) rows_.push_back({number, i});
    }
    return true;
  }

  std::size_t series_count() const { return rows_.size(); }
  std::uint32_t step_count() const { return parts_.empty() ? 0 : parts_.front().step_count; }
  bool has_histograms() const { return has_histograms_; }
  const LabelSet& labels(std::size_t series) const {
    return part_of(series).labels[rows_[series].index];
  }
  bool drops_name(std::size_t series) const {
    return part_of(series).drops_name(rows_[series].index);
  }
  // [step_count]
  const double* values(std::size_t series) const {
    return &part_of(series).v[first_element(series)];
  }
  const std::uint8_t* present(std::size_t series) const {
    return &part_of(series).present[first_element(series)];
  }
  const nx_histogram* histogram(std::size_t series, std::uint32_t step) const {
    return part_of(series).histogram(first_element(series) + step);
  }

 private:
  struct Row {
    std::uint32_t part;
    std::uint32_t index;
  };

  const Batch& part_of(std::size_t series) const { return parts_[rows_[series].part]; }
  std::size_t first_element(std::size_t series) const {
    return std::size_t{rows_[series].index} * step_count();
  }

  HeldSamples samples_;
  std::vector<Batch> parts_;
  Column<Row> rows_;
  bool has_histograms_ = false;
};

}  // namespace narthex::promql
