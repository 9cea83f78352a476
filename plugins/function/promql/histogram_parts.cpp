// SPDX-License-Identifier: Apache-2.0
// What a native histogram says about its observations as a whole: count, sum, mean, spread. Floats
// have no such parts and are left out.
#include "plugins/function/promql/buckets.hpp"
#include "plugins/function/promql/families.hpp"

#include <narthex/sdk/function.hpp>

#include <cmath>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionContext;

double count(const nx_histogram& h) { return h.count.f; }
double sum(const nx_histogram& h) { return h.sum; }
double mean(const nx_histogram& h) { return h.sum / h.count.f; }

template <class F>
void each_histogram(const nx_elem_in& in, const nx_elem_out& out, F&& f) {
  for (std::uint64_t i = 0; i < in.n; ++i) {
    const nx_histogram* h = in.h != nullptr ? in.h[i] : nullptr;
    out.present[i] = h != nullptr ? 1 : 0;
    if (h != nullptr) out.v[i] = f(*h);
  }
}

template <auto F>
void part(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  each_histogram(in, out, F);
}

template <bool Root>
void spread(const FunctionContext& context, const nx_elem_in& in, const nx_elem_out& out) {
  context.check();
  std::vector<Bucket> buckets;
  each_histogram(in, out, [&](const nx_histogram& h) {
    read_buckets(h, buckets);
    const double variance = native_variance(h, buckets);
    return Root ? std::sqrt(variance) : variance;
  });
}

constexpr std::uint32_t kVector[] = {NX_ARG_VECTOR};
constexpr sdk::FunctionShape kShape = {kVector, 1, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS};

const nx_function kRows[] = {
    sdk::elements<part<count>>("histogram_count", "How many observations there were.", kShape),
    sdk::elements<part<sum>>("histogram_sum", "Sum of the observations.", kShape),
    sdk::elements<part<mean>>("histogram_avg", "Mean of the observations.", kShape),
    sdk::elements<spread<true>>("histogram_stddev", "Estimated standard deviation.", kShape),
    sdk::elements<spread<false>>("histogram_stdvar", "Estimated variance.", kShape),
};

}  // namespace

std::span<const nx_function> histogram_part_functions() { return kRows; }

}  // namespace narthex::function_promql
