// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/sum_lanes.hpp"

#include <limits>

#define NARTHEX_INLINE [[gnu::always_inline]] inline

namespace narthex::function_promql {

namespace {

// GCC's and Clang's vectors: the operators are those of the elements, comparisons yield masks. Four
// doubles are one register with AVX2 and two without.
using Lanes [[gnu::vector_size(32)]] = double;
using Mask [[gnu::vector_size(32)]] = long long;
constexpr std::size_t kWidth = sizeof(Lanes) / sizeof(double);
constexpr std::size_t kGroups = kLanes / kWidth;

NARTHEX_INLINE void absolute(const Lanes& v, Lanes& out) {
  const Mask sign_off = Mask{} + std::numeric_limits<long long>::max();
  out = reinterpret_cast<Lanes>(reinterpret_cast<Mask>(v) & sign_off);
}

struct Sums {
  Lanes sum;
  Lanes compensation;
  Mask infinite;  // a sum was, on the way
};

NARTHEX_INLINE void add(Sums& s, const Lanes& v) {
  const Lanes total = s.sum + v;
  Lanes a, b, t;
  absolute(s.sum, a);
  absolute(v, b);
  absolute(total, t);
  const Mask sum_is_larger = a >= b;
  const Lanes larger = sum_is_larger ? s.sum : v;
  const Lanes smaller = sum_is_larger ? v : s.sum;
  s.compensation += (larger - total) + smaller;
  s.infinite |= t == Lanes{} + std::numeric_limits<double>::infinity();
  s.sum = total;
}

NARTHEX_INLINE bool add_body(const double* const* v, std::size_t count, CompensatedSum* sums) {
  Sums s[kGroups];
  for (std::size_t g = 0; g < kGroups; ++g) {
    s[g].infinite = Mask{};
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      s[g].sum[lane] = sums[g * kWidth + lane].sum;
      s[g].compensation[lane] = sums[g * kWidth + lane].compensation;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t g = 0; g < kGroups; ++g) {
      const double* const* lanes = v + g * kWidth;
      add(s[g], Lanes{lanes[0][i], lanes[1][i], lanes[2][i], lanes[3][i]});
    }
  }
  for (std::size_t g = 0; g < kGroups; ++g) {
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      if (s[g].infinite[lane] != 0) return false;
    }
  }
  for (std::size_t g = 0; g < kGroups; ++g) {
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      sums[g * kWidth + lane] = {s[g].sum[lane], s[g].compensation[lane]};
    }
  }
  return true;
}

bool add_portable(const double* const* v, std::size_t count, CompensatedSum* sums) {
  return add_body(v, count, sums);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] bool add_avx2(const double* const* v, std::size_t count,
                                      CompensatedSum* sums) {
  return add_body(v, count, sums);
}
#endif

}  // namespace

bool add_lanes(const double* const v[kLanes], std::size_t count, CompensatedSum sums[kLanes]) {
#if defined(__x86_64__)
  static const auto add = __builtin_cpu_supports("avx2") ? &add_avx2 : &add_portable;
  return add(v, count, sums);
#else
  return add_portable(v, count, sums);
#endif
}

}  // namespace narthex::function_promql
