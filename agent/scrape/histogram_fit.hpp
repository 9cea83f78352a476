// SPDX-License-Identifier: Apache-2.0
// histogram_fit.hpp - brings native histograms within a job's limits by making them coarser: each
// step down of the schema merges two neighbouring buckets into one. Source: the native histogram
// specification of Prometheus.
//
// Not thread-safe: working memory is reused.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/bucket_list.hpp>
#include <narthex/sdk/bump_arena.hpp>

#include <cstdint>

namespace narthex::scrape {

// The finest schema whose buckets grow by at least this factor; 8, the finest of all, for 0 and
// whatever is not above 1.
std::int32_t max_schema(double min_bucket_factor);

class HistogramFitter {
 public:
  // Arrays that are made go into the arena. bucket_limit 0: none. False: no schema has so few
  // buckets, or the histogram has custom ones, which cannot be merged; it is left as it was then.
  bool fit(nx_histogram& histogram, std::int32_t max_schema, std::uint64_t bucket_limit,
           sdk::BumpArena& arena);

 private:
  nx_histogram coarser(const nx_histogram& histogram, std::int32_t schema, sdk::BumpArena& arena);

  sdk::BucketList<std::int64_t> integers_;
  sdk::BucketList<double> floats_;
};

}  // namespace narthex::scrape
