// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/growth_kernels.hpp"

#define NARTHEX_INLINE [[gnu::always_inline]] inline

namespace narthex::function_promql {

namespace {

// Falls are rare: a run is looked at as a whole first.
NARTHEX_INLINE std::size_t next_fall_body(const double* v, std::size_t from, std::size_t until) {
  constexpr std::size_t kRun = 32;
  std::size_t k = from;
  for (; k + kRun <= until; k += kRun) {
    std::uint64_t falls = 0;
    for (std::size_t i = k; i < k + kRun; ++i) falls |= v[i] < v[i - 1] ? std::uint64_t{1} : 0;
    if (falls != 0) break;
  }
  while (k < until && !(v[k] < v[k - 1])) ++k;
  return k;
}

NARTHEX_INLINE void gauge_body(const GrowthColumns& in, double* __restrict out) {
  const double* __restrict sampled_s = in.reach.sampled_s;
  const double* __restrict head_s = in.reach.head_s;
  const double* __restrict tail_s = in.reach.tail_s;
  const double* __restrict grown = in.grown;
  for (std::size_t i = 0; i < in.steps; ++i) {
    out[i] = grown[i] * gauge_factor({sampled_s[i], head_s[i], tail_s[i]});
  }
}

template <bool kPerSecond>
NARTHEX_INLINE void counter_body(const GrowthColumns& in, double range_s, double* __restrict out) {
  const double* __restrict sampled_s = in.reach.sampled_s;
  const double* __restrict head_s = in.reach.head_s;
  const double* __restrict tail_s = in.reach.tail_s;
  const double* __restrict first = in.first;
  const double* __restrict grown = in.grown;
  for (std::size_t i = 0; i < in.steps; ++i) {
    const double factor = counter_factor({sampled_s[i], head_s[i], tail_s[i]}, first[i], grown[i]);
    out[i] = grown[i] * (kPerSecond ? factor / range_s : factor);
  }
}

// One set of plain functions with the bodies above inlined, compiled for `target`.
#define NARTHEX_GROWTH_KERNELS(Name, target)                                                    \
  struct Name {                                                                                 \
    target static std::size_t next_fall(const double* v, std::size_t from, std::size_t until) { \
      return next_fall_body(v, from, until);                                                    \
    }                                                                                           \
    target static void gauge(const GrowthColumns& in, double* out) { gauge_body(in, out); }     \
    target static void counter(const GrowthColumns& in, double* out) {                          \
      counter_body<false>(in, 1, out);                                                          \
    }                                                                                           \
    target static void rate(const GrowthColumns& in, double range_s, double* out) {             \
      counter_body<true>(in, range_s, out);                                                     \
    }                                                                                           \
    static constexpr GrowthKernels kTable = {next_fall, gauge, counter, rate};                  \
  }

NARTHEX_GROWTH_KERNELS(PortableGrowth, );
#if defined(__x86_64__)
NARTHEX_GROWTH_KERNELS(Avx2Growth, [[gnu::target("avx2")]]);
#endif

}  // namespace

const GrowthKernels& growth_kernels() {
#if defined(__x86_64__)
  static const GrowthKernels& chosen =
      __builtin_cpu_supports("avx2") ? Avx2Growth::kTable : PortableGrowth::kTable;
  return chosen;
#else
  return PortableGrowth::kTable;
#endif
}

}  // namespace narthex::function_promql
