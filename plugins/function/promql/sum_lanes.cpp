// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/sum_lanes.hpp"

#include <cstring>
#include <limits>

#define NARTHEX_INLINE [[gnu::always_inline]] inline

namespace narthex::function_promql {

namespace {

// GCC's and Clang's vectors: the operators are those of the elements, comparisons yield masks. Four
// doubles are one register with AVX2 and two without.
using Pair [[gnu::vector_size(16)]] = double;
using Lanes [[gnu::vector_size(32)]] = double;
using Mask [[gnu::vector_size(32)]] = long long;
constexpr std::size_t kWidth = sizeof(Lanes) / sizeof(double);
constexpr std::size_t kGroups = kLanes / kWidth;

NARTHEX_INLINE void absolute(const Lanes& v, Lanes& out) {
  const Mask sign_off = Mask{} + std::numeric_limits<long long>::max();
  out = reinterpret_cast<Lanes>(reinterpret_cast<Mask>(v) & sign_off);
}

struct Compensated {
  Lanes sum;
  Lanes compensation;

  NARTHEX_INLINE void load(const CompensatedSum* from) {
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      sum[lane] = from[lane].sum;
      compensation[lane] = from[lane].compensation;
    }
  }
  NARTHEX_INLINE void store(CompensatedSum* to) const {
    for (std::size_t lane = 0; lane < kWidth; ++lane) to[lane] = {sum[lane], compensation[lane]};
  }
  NARTHEX_INLINE void add(const Lanes& v) {
    const Lanes total = sum + v;
    Lanes a, b;
    absolute(sum, a);
    absolute(v, b);
    const Mask sum_is_larger = a >= b;
    const Lanes larger = sum_is_larger ? sum : v;
    const Lanes smaller = sum_is_larger ? v : sum;
    compensation += (larger - total) + smaller;
    sum = total;
  }
};

struct Plain {
  Lanes sum;

  NARTHEX_INLINE void load(const double* from) { std::memcpy(&sum, from, sizeof sum); }
  NARTHEX_INLINE void store(double* to) const { std::memcpy(to, &sum, sizeof sum); }
  NARTHEX_INLINE void add(const Lanes& v) { sum += v; }
};

// Values i and i + 1 of four lanes, as a vector each: two loads a lane would be as many as there
// are values, and loads are what there is most of.
NARTHEX_INLINE void load_two(const double* const* v, std::size_t i, Lanes& first, Lanes& second) {
  Pair p[kWidth];
  for (std::size_t lane = 0; lane < kWidth; ++lane)
    std::memcpy(&p[lane], v[lane] + i, sizeof(Pair));
  const Lanes even = __builtin_shufflevector(p[0], p[2], 0, 1, 2, 3);
  const Lanes odd = __builtin_shufflevector(p[1], p[3], 0, 1, 2, 3);
  first = __builtin_shufflevector(even, odd, 0, 4, 2, 6);
  second = __builtin_shufflevector(even, odd, 1, 5, 3, 7);
}

template <class State, class Sum>
NARTHEX_INLINE void add_body(const double* const* v, std::size_t count, Sum* sums) {
  constexpr std::size_t kTogether = 4;  // values of a lane: its pointer is loaded once for them
  State s[kGroups];
  for (std::size_t g = 0; g < kGroups; ++g) s[g].load(sums + g * kWidth);
  std::size_t i = 0;
  for (; i + kTogether <= count; i += kTogether) {
    for (std::size_t g = 0; g < kGroups; ++g) {
      Lanes four[kTogether];
      load_two(v + g * kWidth, i, four[0], four[1]);
      load_two(v + g * kWidth, i + 2, four[2], four[3]);
      for (const Lanes& one : four) s[g].add(one);
    }
  }
  for (; i < count; ++i) {
    for (std::size_t g = 0; g < kGroups; ++g) {
      const double* const* lanes = v + g * kWidth;
      s[g].add(Lanes{lanes[0][i], lanes[1][i], lanes[2][i], lanes[3][i]});
    }
  }
  for (std::size_t g = 0; g < kGroups; ++g) s[g].store(sums + g * kWidth);
}

template <class State, class Sum>
void add_portable(const double* const* v, std::size_t count, Sum* sums) {
  add_body<State>(v, count, sums);
}
#if defined(__x86_64__)
template <class State, class Sum>
[[gnu::target("avx2")]] void add_avx2(const double* const* v, std::size_t count, Sum* sums) {
  add_body<State>(v, count, sums);
}
#endif

template <class State, class Sum>
void add(const double* const* v, std::size_t count, Sum* sums) {
#if defined(__x86_64__)
  static const auto chosen =
      __builtin_cpu_supports("avx2") ? &add_avx2<State, Sum> : &add_portable<State, Sum>;
  chosen(v, count, sums);
#else
  add_portable<State>(v, count, sums);
#endif
}

}  // namespace

void add_lanes(const double* const v[kLanes], std::size_t count, CompensatedSum sums[kLanes]) {
  add<Compensated>(v, count, sums);
}

void add_lanes(const double* const v[kLanes], std::size_t count, double sums[kLanes]) {
  add<Plain>(v, count, sums);
}

}  // namespace narthex::function_promql
