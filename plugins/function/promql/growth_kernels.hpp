// SPDX-License-Identifier: Apache-2.0
// growth_kernels.hpp - the loops of rate(), increase() and delta() over all steps of a series: how
// much it grew inside of each window, stretched to the window's edges. They do what reach.hpp says,
// in the same order. Compiled for every x86-64 and for AVX2 and chosen once. Pure, thread-safe.
#pragma once

#include "plugins/function/promql/reach.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace narthex::function_promql {

// Reaches, a column a member. [steps]
class ReachColumns {
 public:
  struct View {
    const double* sampled_s;
    const double* head_s;
    const double* tail_s;
  };

  // Steps without a reach, which stretch nothing to nothing.
  void assign(std::size_t steps) {
    sampled_s_.assign(steps, 1);
    head_s_.assign(steps, 0);
    tail_s_.assign(steps, 0);
  }
  void set(std::size_t step, const Reach& reach) {
    sampled_s_[step] = reach.sampled_s;
    head_s_[step] = reach.head_s;
    tail_s_[step] = reach.tail_s;
  }
  View view() const { return {sampled_s_.data(), head_s_.data(), tail_s_.data()}; }

 private:
  std::vector<double> sampled_s_, head_s_, tail_s_;
};

// Of one series, [steps].
struct GrowthColumns {
  ReachColumns::View reach;
  const double* first;  // the oldest sample of the window
  const double* grown;  // from it to the newest, falls added back
  std::size_t steps;
};

struct GrowthKernels {
  // The least k in [from, until) with v[k] < v[k - 1]; until: none. REQUIRES: from > 0.
  std::size_t (*next_fall)(const double* v, std::size_t from, std::size_t until);
  void (*gauge)(const GrowthColumns& in, double* out);
  void (*counter)(const GrowthColumns& in, double* out);
  void (*rate)(const GrowthColumns& in, double range_s, double* out);
};

const GrowthKernels& growth_kernels();

}  // namespace narthex::function_promql
