// SPDX-License-Identifier: Apache-2.0
// buckets.hpp - the buckets of a native histogram with their bounds, and what is estimated from
// them: quantiles, fractions, variance. Pure.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <vector>

namespace narthex::function_promql {

struct Bucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
};

// All buckets by ascending bounds, the zero bucket among them when it holds something; buckets that
// overlap it end at it. `out` is reused. REQUIRES: float form.
void read_buckets(const nx_histogram& h, std::vector<Bucket>& out);

// What an estimate has to say beside its value.
enum class NanNote : std::uint8_t { kNone, kResult, kSkewed, kExcluded };
struct Estimate {
  double value = 0;
  NanNote note = NanNote::kNone;
};

// Within a bucket observations spread evenly on a logarithmic scale; on a linear one in custom
// buckets and in the zero bucket. `buckets`: of h.
Estimate native_quantile(double q, const nx_histogram& h, const std::vector<Bucket>& buckets);
Estimate native_fraction(double lower, double upper, const nx_histogram& h,
                         const std::vector<Bucket>& buckets);
double native_variance(const nx_histogram& h, const std::vector<Bucket>& buckets);

}  // namespace narthex::function_promql
