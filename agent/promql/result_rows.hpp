// SPDX-License-Identifier: Apache-2.0
// result_rows.hpp - a result that an operator fills row by row, in any order of rows, and then
// yields batch by batch: batches are begun as rows are added, so that nothing is copied. One
// thread.
#pragma once

#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/operators.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace narthex::promql {

class ResultRows {
 public:
  explicit ResultRows(Context& context) : samples_(context) {}

  // Before the first row. rows_expected: that many rows will not move others.
  void begin(std::uint32_t steps, std::size_t rows_expected) {
    steps_ = steps;
    rows_per_batch_ = series_per_batch(steps);
    rows_expected_ = rows_expected;
  }

  // A row of a batch: valid until the next add().
  struct Row {
    Batch& batch;
    std::size_t index;  // of the series
    std::size_t first;  // element

    double* v() const { return &batch.v[first]; }
    std::uint8_t* present() const { return &batch.present[first]; }
    void put_histogram(std::uint32_t step, const nx_histogram* h) const {
      batch.need_histograms();
      batch.h[first + step] = h;
    }
  };

  std::size_t size() const { return size_; }
  Row row(std::size_t index) {
    const std::size_t in_batch = index % rows_per_batch_;
    return {batches_[index / rows_per_batch_], in_batch, in_batch * steps_};
  }
  // Appends a row without a value anywhere.
  Row add(const LabelSet& labels) {
    if (size_ % rows_per_batch_ == 0) {
      batches_.emplace_back().clear(steps_);
      const std::size_t left = rows_expected_ > size_ ? rows_expected_ - size_ : 1;
      batches_.back().reserve(std::min(rows_per_batch_, left));
    }
    batches_.back().add(labels);
    return row(size_++);
  }

  // Counts the values of all rows as held; false when that is too many.
  bool finish() {
    for (const Batch& batch : batches_) {
      const auto present = std::count(batch.present.begin(), batch.present.end(), std::uint8_t{1});
      if (!samples_.add(static_cast<std::uint64_t>(present))) return false;
    }
    return true;
  }
  // The next batch, after finish().
  bool take(Batch& out) {
    if (taken_ == batches_.size()) return false;
    out = std::move(batches_[taken_++]);
    return true;
  }

 private:
  HeldSamples samples_;
  std::vector<Batch> batches_;
  std::uint32_t steps_ = 1;
  std::size_t rows_per_batch_ = 1;
  std::size_t rows_expected_ = 0;
  std::size_t size_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace narthex::promql
