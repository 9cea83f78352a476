// SPDX-License-Identifier: Apache-2.0
// fold_columns.hpp - what a folding aggregation knows of each group at each step, a column a
// figure: cell = group * steps + step. Only the columns that the operator needs are there. One
// thread.
//
// The order of operations is Prometheus's, compensated sums included: results are equal to the bit
// as long as series come in the same order.
#pragma once

#include "promql/memory.hpp"
#include "promql/token.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace narthex::promql {

enum : std::uint8_t {
  kSeen = 1,
  kHasFloat = 2,
  kHasHistogram = 4,
  kIncompatible = 8,  // bucket layouts in one group that do not add up
  kIncremental = 16,  // the mean is kept, since the sum would overflow
  kResetSeen = 32,
  kNoResetSeen = 64,
};

class FoldColumns {
 public:
  explicit FoldColumns(TokenKind op);

  // Room for so many cells: they will not move others.
  void reserve(std::size_t cells);
  // Makes cells up to `cells` exist, with nothing seen yet.
  void grow(std::size_t cells);
  std::size_t size() const { return state_.size(); }
  // Folds a column of floats into the cells from `first` on.
  void add_floats(std::size_t first, std::span<const double> v, const std::uint8_t* present);
  void add_float(std::size_t cell, double v) { add_run(cell, {&v, 1}); }
  // The results of all cells as if they had seen no histograms but counted them, 0.0 where nothing
  // was seen: what was summed up becomes the result where it is. The last thing to ask, but for
  // has().
  Column<double> take_results();

  bool has(std::size_t cell, std::uint8_t flag) const { return (state_[cell] & flag) != 0; }
  void set(std::size_t cell, std::uint8_t flag) {
    state_[cell] = static_cast<std::uint8_t>(state_[cell] | flag);
  }
  // Counts another sample of the cell; returns how many there are, where the operator counts.
  double count(std::size_t cell) { return count_.empty() ? 0 : ++count_[cell]; }

 private:
  void add_run(std::size_t first, std::span<const double> v);
  void add_to_sums(std::size_t first, std::span<const double> v);
  void add_to_mean(std::size_t cell, double v);
  void add_to_spread(std::size_t cell, double v);
  double result(std::size_t cell) const;

  const TokenKind op_;
  Column<std::uint8_t> state_;
  Column<double> value_;
  Column<double> compensation_;  // of a sum: empty until a cell gets a second value
  Column<double> mean_;
  Column<double> count_;
};

}  // namespace narthex::promql
