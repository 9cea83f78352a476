// SPDX-License-Identifier: Apache-2.0
// histogram.hpp - a native histogram to calculate with: all arithmetic on histograms of this
// plugin.
//
// A FloatHistogram is a working copy whose arrays are kept from one load to the next, so that a
// kernel that holds one allocates nothing a sample. One thread. Explicitly empty buckets stay until
// compact(), because whether a bucket is there at all means something in Prometheus.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/function.hpp>

#include <cstdint>
#include <vector>

namespace narthex::function_promql {

inline bool has_custom_buckets(const nx_histogram& h) { return h.schema == NX_SCHEMA_CUSTOM; }
// Custom buckets with the same bounds.
bool same_bounds(const nx_histogram& a, const nx_histogram& b);

// Whether two histograms can be added.
enum class Fit : std::uint8_t {
  kOk,
  kMixedSchemas,  // exponential and custom buckets
  kBoundsDiffer,  // custom buckets with different bounds
};
Fit fit(const nx_histogram& a, const nx_histogram& b);

// The buckets of one side: ascending indexes, a count for each.
struct BucketSide {
  std::vector<std::int32_t> index;
  std::vector<double> count;

  std::size_t size() const { return index.size(); }
  void clear() {
    index.clear();
    count.clear();
  }
  // Adds to the last bucket when it has this index. REQUIRES: index does not fall.
  void append(std::int32_t at, double value);
};

class FloatHistogram {
 public:
  // Everything but the buckets. Its arrays are not ours: custom_values are the loaded histogram's.
  nx_histogram head{};
  BucketSide positive;
  BucketSide negative;

  // REQUIRES: h is in float form and outlives its use here.
  void load(const nx_histogram& h);
  // Nothing observed yet, with the buckets of h.
  void load_empty_like(const nx_histogram& h);
  // The coarser schema merges buckets; finer ones and custom buckets stay.
  void reduce_to(std::int32_t schema);
  // Widens the zero bucket; where the threshold would cut a bucket that holds something, to the end
  // of that bucket. REQUIRES: not narrower, exponential buckets.
  void widen_zero_bucket(double threshold);

  // this += sign * other, on the coarser schema and the wider zero bucket. Changes other's layout
  // in the same way. REQUIRES: fit(head, other.head) == Fit::kOk.
  void add(FloatHistogram& other, double sign);
  void scale(double factor);
  void divide(double divisor);
  void compact();  // drops empty buckets

  // As the ABI has it; valid until it changes, or is shown again.
  nx_histogram shown();
  // Makes it result `element`.
  void put(const sdk::FunctionContext& context, std::uint64_t element);

 private:
  void merge_side(BucketSide& side, const BucketSide& other, double sign);

  BucketSide merged_;
  std::vector<nx_span> spans_[2];
};

// Whether a counter was reset between two samples: current lost something that previous had.
// Hints of the storage count first. `scratch`: any two.
bool detect_reset(const nx_histogram& current, const nx_histogram& previous,
                  FloatHistogram (&scratch)[2]);
// The same buckets (empty ones too) with the same counts, however the spans are cut.
bool equal(const nx_histogram& a, const nx_histogram& b, FloatHistogram (&scratch)[2]);

}  // namespace narthex::function_promql
