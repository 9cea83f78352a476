// SPDX-License-Identifier: Apache-2.0
// fold_kernels.hpp - the loops that fold a column of floats into a column of running figures,
// element by element. Compiled for every x86-64 and for AVX2 and chosen once; both do the same
// operations in the same order. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace narthex::promql {

struct FoldKernels {
  // Neumaier's variant of Kahan's sum: what addition rounds away is kept apart.
  void (*sum)(const double* v, std::size_t count, double* sums, double* compensations);
  // NaN stands for nothing yet, and gives way to anything.
  void (*least)(const double* v, std::size_t count, double* values);
  void (*most)(const double* v, std::size_t count, double* values);
  // Adds bits to each state.
  void (*mark)(std::uint8_t bits, std::size_t count, std::uint8_t* states);
};

const FoldKernels& fold_kernels();

}  // namespace narthex::promql
