// SPDX-License-Identifier: Apache-2.0
// Aggregations that fold each group into one series as batches stream by: sum, avg, min, max,
// count, group, stddev, stdvar. Memory grows with groups and steps, not with series.
//
// The order of operations is Prometheus's, compensated sums included: results are equal to the bit
// as long as series come in the same order.
#include "promql/grouping.hpp"
#include "promql/histogram_math.hpp"
#include "promql/operators.hpp"

#include <cmath>
#include <limits>

namespace narthex::promql {

namespace {

enum : std::uint8_t {
  kSeen = 1,
  kHasFloat = 2,
  kHasHistogram = 4,
  kIncompatible = 8,  // bucket layouts in one group that do not add up
  kIncremental = 16,  // the mean is kept, since the sum would overflow
  kResetSeen = 32,
  kNoResetSeen = 64,
};

// What is known of one group at one step.
struct Cell {
  double value = 0;
  double mean = 0;
  double compensation = 0;
  double count = 0;
  const nx_histogram* histogram = nullptr;
  std::uint8_t state = 0;

  bool has(std::uint8_t flag) const { return (state & flag) != 0; }
  void set(std::uint8_t flag) { state = static_cast<std::uint8_t>(state | flag); }
};

// Neumaier's variant of Kahan's sum: what addition rounds away is kept apart.
void add_compensated(double value, double& sum, double& compensation) {
  const double total = sum + value;
  if (std::isinf(total)) {
    compensation = 0;
  } else if (std::fabs(sum) >= std::fabs(value)) {
    compensation += (sum - total) + value;
  } else {
    compensation += (value - total) + sum;
  }
  sum = total;
}

class Fold final : public Stream {
 public:
  Fold(Context& context, const AggregateExpr& expr, StreamPtr of)
      : context_(context), expr_(expr), of_(std::move(of)), grouping_(context, expr) {}

  bool next(Batch& out) override {
    if (result_ == nullptr && !evaluate()) return false;
    return result_->next(out);
  }

 private:
  bool evaluate();
  void fold_series(const Batch& batch, std::size_t series);
  void fold_floats(const Batch& batch, std::size_t series, Cell* cells);
  void fold_mixed(const Batch& batch, std::size_t series, Cell* cells);
  void start_float(Cell& cell, double v) const;
  void add_float(Cell& cell, double v) const;
  void add_to_mean(Cell& cell, double v) const;
  void add_histogram(Cell& cell, const nx_histogram& h, const LabelSet& labels);
  void sum_histogram(Cell& cell, const nx_histogram& h, const LabelSet& labels);
  bool takes_histograms() const;
  bool finish(const Cell& cell, Batch& out, std::size_t i);
  double final_float(const Cell& cell) const;
  std::string op() const { return std::string(spelling(expr_.op)); }

  Context& context_;
  const AggregateExpr& expr_;
  StreamPtr of_;
  Grouping grouping_;
  std::uint32_t steps_ = 0;
  Column<Cell> cells_;              // [group * steps]
  Column<std::uint8_t> drop_name_;  // [group]
  StreamPtr result_;
};

bool Fold::evaluate() {
  Batch batch;
  HeldSamples held(context_);
  while (of_->next(batch)) {
    steps_ = batch.step_count;
    for (std::size_t s = 0; s < batch.series_count(); ++s) {
      if (context_.stop_now_and_then(s)) return false;
      fold_series(batch, s);
    }
    if (context_.stop()) return false;
  }
  if (context_.failed()) return false;
  Held out(context_);
  out.batch.clear(steps_);
  std::uint64_t present = 0;
  for (std::size_t g = 0; g < grouping_.keys().size(); ++g) {
    const std::size_t first = out.batch.add(grouping_.keys()[g]);
    for (std::uint32_t i = 0; i < steps_; ++i) {
      present += finish(cells_[g * steps_ + i], out.batch, first + i) ? 1 : 0;
    }
    if (drop_name_[g] != 0) {
      out.batch.need_drop_names();
      out.batch.drop_name.back() = 1;
    }
  }
  cells_ = {};
  if (!out.samples.add(present)) return false;
  result_ = materialized(context_, std::move(out));
  return true;
}

void Fold::fold_series(const Batch& batch, std::size_t series) {
  const std::uint32_t group = grouping_.group(batch.labels[series]);
  const std::size_t first = std::size_t{group} * steps_;
  if (first + steps_ > cells_.size()) {
    cells_.resize(first + steps_);
    drop_name_.resize(group + std::size_t{1}, 0);
  }
  if (batch.drops_name(series)) drop_name_[group] = 1;
  if (batch.h.empty()) {
    fold_floats(batch, series, &cells_[first]);
  } else {
    fold_mixed(batch, series, &cells_[first]);
  }
}

void Fold::fold_floats(const Batch& batch, std::size_t series, Cell* cells) {
  const double* v = &batch.v[series * steps_];
  const std::uint8_t* present = &batch.present[series * steps_];
  for (std::uint32_t i = 0; i < steps_; ++i) {
    if (present[i] == 0) continue;
    if (cells[i].has(kSeen)) {
      add_float(cells[i], v[i]);
    } else {
      start_float(cells[i], v[i]);
    }
  }
}

void Fold::fold_mixed(const Batch& batch, std::size_t series, Cell* cells) {
  for (std::uint32_t i = 0; i < steps_; ++i) {
    const std::size_t at = series * steps_ + i;
    if (batch.present[at] == 0) continue;
    Cell& cell = cells[i];
    if (batch.h[at] != nullptr && takes_histograms()) {
      add_histogram(cell, *batch.h[at], batch.labels[series]);
    } else if (batch.h[at] != nullptr) {
      context_.annotations.info(expr_.expr->position,
                                "ignored histogram in " + op() + " aggregation");
    } else if (cell.has(kSeen)) {
      add_float(cell, batch.v[at]);
    } else {
      start_float(cell, batch.v[at]);
    }
  }
}

bool Fold::takes_histograms() const {
  return expr_.op == TokenKind::kSum || expr_.op == TokenKind::kAvg ||
         expr_.op == TokenKind::kCount || expr_.op == TokenKind::kGroup;
}

void Fold::start_float(Cell& cell, double v) const {
  cell.state = kSeen | kHasFloat;
  cell.value = v;
  cell.mean = v;
  cell.count = 1;
  if (expr_.op == TokenKind::kStddev || expr_.op == TokenKind::kStdvar) {
    cell.value = std::isfinite(v) ? 0 : std::numeric_limits<double>::quiet_NaN();
  }
}

void Fold::add_float(Cell& cell, double v) const {
  cell.set(kHasFloat);
  switch (expr_.op) {
    case TokenKind::kSum:
      return add_compensated(v, cell.value, cell.compensation);
    case TokenKind::kAvg:
      return add_to_mean(cell, v);
    case TokenKind::kMin:
      if (cell.value > v || std::isnan(cell.value)) cell.value = v;
      return;
    case TokenKind::kMax:
      if (cell.value < v || std::isnan(cell.value)) cell.value = v;
      return;
    case TokenKind::kStddev:
    case TokenKind::kStdvar: {
      ++cell.count;
      const double delta = v - cell.mean;
      cell.mean += delta / cell.count;
      cell.value += delta * (v - cell.mean);
      return;
    }
    default:
      ++cell.count;
  }
}

// A plain mean for as long as the sum is finite, an incremental one from there on.
void Fold::add_to_mean(Cell& cell, double v) const {
  ++cell.count;
  if (!cell.has(kIncremental)) {
    double sum = cell.value;
    double compensation = cell.compensation;
    add_compensated(v, sum, compensation);
    if (!std::isinf(sum)) {
      cell.value = sum;
      cell.compensation = compensation;
      return;
    }
    cell.set(kIncremental);
    cell.mean = cell.value / (cell.count - 1);
    cell.compensation /= cell.count - 1;
  }
  const double weight = (cell.count - 1) / cell.count;
  cell.mean *= weight;
  cell.compensation *= weight;
  add_compensated(v / cell.count, cell.mean, cell.compensation);
}

void Fold::add_histogram(Cell& cell, const nx_histogram& h, const LabelSet& labels) {
  if (cell.has(kIncompatible)) return;
  if (expr_.op == TokenKind::kCount || expr_.op == TokenKind::kGroup) {
    cell.set(kSeen);
    ++cell.count;
    return;
  }
  if (h.reset_hint == NX_RESET_YES) cell.set(kResetSeen);
  if (h.reset_hint == NX_RESET_NO) cell.set(kNoResetSeen);
  const bool first = !cell.has(kSeen);
  cell.set(kSeen);
  cell.set(kHasHistogram);
  ++cell.count;
  if (first) {
    cell.histogram = &h;
  } else if (cell.histogram != nullptr) {
    sum_histogram(cell, h, labels);
  }
}

void Fold::sum_histogram(Cell& cell, const nx_histogram& h, const LabelSet& labels) {
  Arena& arena = context_.arena;
  HistogramSum sum;
  if (expr_.op == TokenKind::kSum) {
    sum = add_histograms(*cell.histogram, h, 1, arena);
  } else {
    const nx_histogram* part = divide_histogram(h, cell.count, arena);
    const nx_histogram* mean = divide_histogram(*cell.histogram, cell.count, arena);
    sum = add_histograms(*part, *mean, -1, arena);
    if (sum.result != nullptr) sum = add_histograms(*cell.histogram, *sum.result, 1, arena);
  }
  if (sum.result != nullptr) {
    cell.histogram = sum.result;
    return;
  }
  cell.set(kIncompatible);
  context_.annotations.warn(
      expr_.expr->position,
      std::string(sum.bounds_differ
                      ? "vector contains histograms with incompatible custom buckets"
                      : "vector contains a mix of histograms with exponential and custom buckets "
                        "schemas") +
          for_metric(context_.labels.name_of(labels)));
}

double Fold::final_float(const Cell& cell) const {
  switch (expr_.op) {
    case TokenKind::kSum:
      return cell.value + cell.compensation;
    case TokenKind::kAvg:
      if (cell.has(kIncremental)) return cell.mean + cell.compensation;
      return cell.value / cell.count + cell.compensation / cell.count;
    case TokenKind::kCount:
      return cell.count;
    case TokenKind::kGroup:
      return 1;
    case TokenKind::kStdvar:
      return cell.value / cell.count;
    case TokenKind::kStddev:
      return std::sqrt(cell.value / cell.count);
    default:
      return cell.value;
  }
}

// Writes the result of a cell; false when it has none.
bool Fold::finish(const Cell& cell, Batch& out, std::size_t i) {
  if (!cell.has(kSeen) || cell.has(kIncompatible)) return false;
  if (cell.has(kHasFloat) && cell.has(kHasHistogram)) {
    context_.annotations.warn(expr_.expr->position,
                              "encountered a mix of histograms and floats for aggregation");
    return false;
  }
  if (cell.has(kResetSeen) && cell.has(kNoResetSeen)) {
    context_.annotations.warn(expr_.expr->position,
                              "conflicting counter resets during histogram aggregation");
  }
  out.present[i] = 1;
  if (cell.has(kHasHistogram)) {
    out.need_histograms();
    out.h[i] = cell.histogram;
  } else {
    out.v[i] = final_float(cell);
  }
  return true;
}

}  // namespace

StreamPtr fold(Context& context, const AggregateExpr& expr, StreamPtr of) {
  return std::make_unique<Fold>(context, expr, std::move(of));
}

}  // namespace narthex::promql
