// SPDX-License-Identifier: Apache-2.0
// Both branches of each choice are computed and one is taken, so that loops become vectors.
#include "promql/fold_kernels.hpp"

#include <cmath>

#define NARTHEX_INLINE [[gnu::always_inline]] inline

namespace narthex::promql {

namespace {

NARTHEX_INLINE void sum_body(const double* __restrict v, std::size_t count, double* __restrict sums,
                             double* __restrict compensations) {
  for (std::size_t i = 0; i < count; ++i) {
    const double total = sums[i] + v[i];
    const bool sum_is_larger = std::fabs(sums[i]) >= std::fabs(v[i]);
    const double larger = sum_is_larger ? sums[i] : v[i];
    const double smaller = sum_is_larger ? v[i] : sums[i];
    const double compensation = compensations[i] + ((larger - total) + smaller);
    compensations[i] = std::isinf(total) ? 0 : compensation;
    sums[i] = total;
  }
}

NARTHEX_INLINE void least_body(const double* __restrict v, std::size_t count,
                               double* __restrict values) {
  for (std::size_t i = 0; i < count; ++i) {
    const bool takes = (values[i] > v[i]) | std::isnan(values[i]);
    values[i] = takes ? v[i] : values[i];
  }
}

NARTHEX_INLINE void most_body(const double* __restrict v, std::size_t count,
                              double* __restrict values) {
  for (std::size_t i = 0; i < count; ++i) {
    const bool takes = (values[i] < v[i]) | std::isnan(values[i]);
    values[i] = takes ? v[i] : values[i];
  }
}

NARTHEX_INLINE void mark_body(std::uint8_t bits, std::size_t count, std::uint8_t* states) {
  for (std::size_t i = 0; i < count; ++i) states[i] = static_cast<std::uint8_t>(states[i] | bits);
}

// One set of plain functions with the bodies above inlined, compiled for `target`.
#define NARTHEX_FOLD_KERNELS(Name, target)                                                \
  struct Name {                                                                           \
    target static void sum(const double* v, std::size_t count, double* sums,              \
                           double* compensations) {                                       \
      sum_body(v, count, sums, compensations);                                            \
    }                                                                                     \
    target static void least(const double* v, std::size_t count, double* values) {        \
      least_body(v, count, values);                                                       \
    }                                                                                     \
    target static void most(const double* v, std::size_t count, double* values) {         \
      most_body(v, count, values);                                                        \
    }                                                                                     \
    target static void mark(std::uint8_t bits, std::size_t count, std::uint8_t* states) { \
      mark_body(bits, count, states);                                                     \
    }                                                                                     \
    static constexpr FoldKernels kTable = {sum, least, most, mark};                       \
  }

NARTHEX_FOLD_KERNELS(PortableFold, );
#if defined(__x86_64__)
NARTHEX_FOLD_KERNELS(Avx2Fold, [[gnu::target("avx2")]]);
#endif

}  // namespace

const FoldKernels& fold_kernels() {
#if defined(__x86_64__)
  static const FoldKernels& chosen =
      __builtin_cpu_supports("avx2") ? Avx2Fold::kTable : PortableFold::kTable;
  return chosen;
#else
  return PortableFold::kTable;
#endif
}

}  // namespace narthex::promql
