// SPDX-License-Identifier: Apache-2.0
// histogram_maker.hpp - native histograms that grow, for tests. It owns the arrays of what it made.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <random>
#include <vector>

namespace narthex::test {

class HistogramMaker {
 public:
  HistogramMaker(bool is_float, bool custom) : is_float_(is_float), custom_(custom) {}

  // Some observations more than the one before, in buckets that stay the same.
  nx_histogram next(std::mt19937_64& random) {
    for (double& count : counts_) count += static_cast<double>(random() % 5);
    zero_ += static_cast<double>(random() % 3);
    sum_ += static_cast<double>(random() % 1000) / 8;
    nx_histogram h{};
    h.schema = custom_ ? NX_SCHEMA_CUSTOM : 3;
    h.is_float = is_float_ ? 1 : 0;
    h.zero_threshold = custom_ ? 0 : 0.0009765625;
    h.sum = sum_;
    double total = custom_ ? 0 : zero_;
    for (const double count : counts_) total += count;
    if (is_float_) {
      h.count.f = total;
      h.zero_count.f = custom_ ? 0 : zero_;
    } else {
      h.count.u = static_cast<std::uint64_t>(total);
      h.zero_count.u = custom_ ? 0 : static_cast<std::uint64_t>(zero_);
    }
    h.pos_spans = spans_.data();
    h.pos_span_count = static_cast<std::uint32_t>(spans_.size());
    h.pos_bucket_count = static_cast<std::uint32_t>(counts_.size());
    if (is_float_) {
      h.pos.counts = memory_.copy(counts_.data(), counts_.size());
    } else {
      std::vector<std::int64_t> deltas;
      std::int64_t before = 0;
      for (const double count : counts_) {
        deltas.push_back(static_cast<std::int64_t>(count) - before);
        before = static_cast<std::int64_t>(count);
      }
      h.pos.deltas = memory_.copy(deltas.data(), deltas.size());
    }
    if (custom_) {
      h.custom_values = bounds_.data();
      h.custom_value_count = static_cast<std::uint32_t>(bounds_.size());
    }
    return h;
  }
  // A restart: all counts begin at zero again.
  void reset() {
    counts_.assign(counts_.size(), 0);
    zero_ = sum_ = 0;
  }

 private:
  const bool is_float_, custom_;
  std::vector<nx_span> spans_{{0, 2}, {1, 3}};
  std::vector<double> bounds_{1e-7, 0.005, 0.01, 0.1, 1, 2.5};
  std::vector<double> counts_ = std::vector<double>(5);
  double zero_ = 0, sum_ = 0;
  blocks::Samples memory_;
};

}  // namespace narthex::test
