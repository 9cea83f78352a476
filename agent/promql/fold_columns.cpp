// SPDX-License-Identifier: Apache-2.0
#include "promql/fold_columns.hpp"

#include "promql/fold_kernels.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace narthex::promql {

namespace {

constexpr double kNothingYet = std::numeric_limits<double>::quiet_NaN();

bool is_extreme(TokenKind op) { return op == TokenKind::kMin || op == TokenKind::kMax; }
bool is_spread(TokenKind op) { return op == TokenKind::kStddev || op == TokenKind::kStdvar; }

// The end of the run of elements that are as the one at `from` is.
std::size_t end_of_run(const std::uint8_t* present, std::size_t from, std::size_t count) {
  const std::uint8_t other = present[from] != 0 ? 0 : 1;
  const void* found = std::memchr(present + from, other, count - from);
  return found == nullptr
             ? count
             : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - present);
}

}  // namespace

FoldColumns::FoldColumns(TokenKind op) : op_(op) {}

void FoldColumns::reserve(std::size_t cells) {
  const bool mean = op_ == TokenKind::kAvg || is_spread(op_);
  state_.reserve(cells);
  if (op_ == TokenKind::kSum || mean || is_extreme(op_)) value_.reserve(cells);
  if (op_ == TokenKind::kAvg) compensation_.reserve(cells);
  if (mean) mean_.reserve(cells);
  if (mean || op_ == TokenKind::kCount) count_.reserve(cells);
}

void FoldColumns::grow(std::size_t cells) {
  if (cells <= state_.size()) return;
  const bool mean = op_ == TokenKind::kAvg || is_spread(op_);
  state_.resize(cells, 0);
  if (op_ == TokenKind::kSum || mean || is_extreme(op_)) {
    value_.resize(cells, is_extreme(op_) ? kNothingYet : 0);
  }
  if (op_ == TokenKind::kAvg || !compensation_.empty()) compensation_.resize(cells, 0);
  if (mean) mean_.resize(cells, 0);
  if (mean || op_ == TokenKind::kCount) count_.resize(cells, 0);
}

void FoldColumns::add_floats(std::size_t first, std::span<const double> v,
                             const std::uint8_t* present) {
  for (std::size_t i = 0; i < v.size();) {
    const std::size_t end = end_of_run(present, i, v.size());
    if (present[i] != 0) add_run(first + i, v.subspan(i, end - i));
    i = end;
  }
}

// A first value is one that is added to nothing: 0 for sums, NaN for extremes. Only the mean tells
// them apart, for a first value that is infinite.
void FoldColumns::add_run(std::size_t first, std::span<const double> v) {
  switch (op_) {
    case TokenKind::kSum:
      add_to_sums(first, v);
      break;
    case TokenKind::kMin:
      fold_kernels().least(v.data(), v.size(), &value_[first]);
      break;
    case TokenKind::kMax:
      fold_kernels().most(v.data(), v.size(), &value_[first]);
      break;
    case TokenKind::kCount:
      for (std::size_t i = 0; i < v.size(); ++i) ++count_[first + i];
      break;
    case TokenKind::kAvg:
      for (std::size_t i = 0; i < v.size(); ++i) add_to_mean(first + i, v[i]);
      break;
    case TokenKind::kStddev:
    case TokenKind::kStdvar:
      for (std::size_t i = 0; i < v.size(); ++i) add_to_spread(first + i, v[i]);
      break;
    default:
      break;
  }
  fold_kernels().mark(kSeen | kHasFloat, v.size(), &state_[first]);
}

// Many groups have one series, and of one value nothing is rounded away: that column is not even
// made before there are two.
void FoldColumns::add_to_sums(std::size_t first, std::span<const double> v) {
  double* const sums = &value_[first];
  const std::uint8_t* const states = &state_[first];
  if (states[0] == 0 && std::memcmp(states, states + 1, v.size() - 1) == 0) {
    for (std::size_t i = 0; i < v.size(); ++i) sums[i] = 0.0 + v[i];  // of -0.0, the sum is 0
    return;
  }
  if (compensation_.empty()) {
    compensation_.reserve(state_.capacity());
    compensation_.resize(state_.size(), 0);
  }
  fold_kernels().sum(v.data(), v.size(), sums, &compensation_[first]);
}

// A plain mean for as long as the sum is finite, an incremental one from there on.
void FoldColumns::add_to_mean(std::size_t cell, double v) {
  double& count = count_[cell];
  ++count;
  if (!has(cell, kHasFloat)) {
    value_[cell] = v;
    return;
  }
  const FoldKernels& kernels = fold_kernels();
  double& mean = mean_[cell];
  double& compensation = compensation_[cell];
  if (!has(cell, kIncremental)) {
    double sum = value_[cell];
    double rounded_away = compensation;
    kernels.sum(&v, 1, &sum, &rounded_away);
    if (!std::isinf(sum)) {
      value_[cell] = sum;
      compensation = rounded_away;
      return;
    }
    set(cell, kIncremental);
    mean = value_[cell] / (count - 1);
    compensation /= count - 1;
  }
  const double weight = (count - 1) / count;
  mean *= weight;
  compensation *= weight;
  const double share = v / count;
  kernels.sum(&share, 1, &mean, &compensation);
}

void FoldColumns::add_to_spread(std::size_t cell, double v) {
  double& mean = mean_[cell];
  const double delta = v - mean;
  mean += delta / ++count_[cell];
  value_[cell] += delta * (v - mean);
}

// Of an operator whose results are not a column as they are.
double FoldColumns::result(std::size_t cell) const {
  switch (op_) {
    case TokenKind::kAvg:
      if (has(cell, kIncremental)) return mean_[cell] + compensation_[cell];
      return value_[cell] / count_[cell] + compensation_[cell] / count_[cell];
    case TokenKind::kGroup:
      return 1;
    case TokenKind::kStdvar:
      return value_[cell] / count_[cell];
    case TokenKind::kStddev:
      return std::sqrt(value_[cell] / count_[cell]);
    default:
      return value_[cell];
  }
}

Column<double> FoldColumns::take_results() {
  if (op_ == TokenKind::kSum) {  // of nothing it is 0
    for (std::size_t i = 0; i < compensation_.size(); ++i) value_[i] += compensation_[i];
    return std::move(value_);
  }
  if (op_ == TokenKind::kCount) return std::move(count_);
  value_.resize(size(), 0);
  for (std::size_t i = 0; i < size(); ++i) value_[i] = has(i, kSeen) ? result(i) : 0;
  return std::move(value_);
}

}  // namespace narthex::promql
