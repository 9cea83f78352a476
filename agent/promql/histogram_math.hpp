// SPDX-License-Identifier: Apache-2.0
// histogram_math.hpp - arithmetic on native histograms in float form; results live in the arena.
#pragma once

#include "promql/histogram.hpp"

namespace narthex::promql {

// Every count and the sum times factor. A negative factor makes a gauge.
const nx_histogram* scale_histogram(const nx_histogram& h, double factor, Arena& arena);
// Divided by zero a histogram keeps its zero bucket, count and sum (as infinities or NaN) only.
const nx_histogram* divide_histogram(const nx_histogram& h, double divisor, Arena& arena);

struct HistogramSum {
  const nx_histogram* result = nullptr;  // null: exponential and custom buckets, or bounds_differ
  bool reset_collision = false;          // one says "reset", the other "not reset"
  bool bounds_differ = false;            // custom buckets with different bounds
};
// a + sign * b: on the coarser schema, the wider zero bucket, without empty buckets.
HistogramSum add_histograms(const nx_histogram& a, const nx_histogram& b, int sign, Arena& arena);

// Whether a counter was reset between two samples of it: by what the storage says of the later one,
// else because it lost something that the earlier one had.
bool was_reset(const nx_histogram& now, const nx_histogram& before, Arena& arena);

// The same histogram, whatever way its spans are cut. Reset hints do not count.
bool equal_histograms(const nx_histogram& a, const nx_histogram& b);

}  // namespace narthex::promql
