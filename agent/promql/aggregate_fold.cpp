// SPDX-License-Identifier: Apache-2.0
// Aggregations that fold each group into one series as batches stream by: sum, avg, min, max,
// count, group, stddev, stdvar. Memory grows with groups and steps, not with series.
#include "promql/fold_columns.hpp"
#include "promql/grouping.hpp"
#include "promql/histogram_math.hpp"
#include "promql/operators.hpp"

#include <memory>
#include <vector>

namespace narthex::promql {

namespace {

class Fold final : public Stream {
 public:
  Fold(Context& context, const AggregateExpr& expr, StreamPtr of)
      : context_(context),
        expr_(expr),
        of_(std::move(of)),
        grouping_(context, expr),
        results_(context) {}

  bool next(Batch& out) override;

 private:
  // The cells of some groups: columns of all would move them again and again as they grow. Each
  // part becomes a batch of the result.
  struct Part {
    explicit Part(TokenKind op) : cells(op) {}

    FoldColumns cells;
    Column<const nx_histogram*> histograms;  // [cell], or empty: none was seen
  };

  bool evaluate();
  bool finish_part(std::size_t number, Batch& out);
  std::size_t enter(std::size_t group);
  void fold_series(const Batch& batch, std::size_t series);
  void fold_mixed(const Batch& batch, std::size_t series, std::size_t first_cell);
  void add_histogram(std::size_t cell, const nx_histogram& h, const LabelSet& labels);
  void sum_histogram(std::size_t cell, double count, const nx_histogram& h, const LabelSet& labels);
  bool takes_histograms() const;
  bool finish_mixed(std::size_t cell, Batch& out);
  std::string op() const { return std::string(spelling(expr_.op)); }

  Context& context_;
  const AggregateExpr& expr_;
  StreamPtr of_;
  Grouping grouping_;
  std::uint32_t steps_ = 0;
  std::vector<std::unique_ptr<Part>> parts_;
  Part* part_ = nullptr;            // of the group at hand
  Column<std::uint8_t> drop_name_;  // [group]
  bool evaluated_ = false;
  std::size_t taken_ = 0;  // parts
  HeldSamples results_;
};

bool Fold::next(Batch& out) {
  if (!evaluated_ && !evaluate()) return false;
  if (context_.stop() || taken_ == parts_.size()) return false;
  return finish_part(taken_++, out);
}

bool Fold::evaluate() {
  Batch batch;
  while (of_->next(batch)) {
    steps_ = batch.step_count;
    for (std::size_t s = 0; s < batch.series_count(); ++s) {
      fold_series(batch, s);
      if (context_.stop_after(kWorkOfKey + steps_)) return false;
    }
    if (context_.stop()) return false;
  }
  evaluated_ = true;
  return !context_.failed();
}

// What the groups of a part come to, where it was summed up. The rest of the part goes with this.
bool Fold::finish_part(std::size_t number, Batch& out) {
  const std::unique_ptr<Part> part = std::move(parts_[number]);
  part_ = part.get();
  const std::size_t first_group = number * series_per_batch(steps_);
  const std::size_t groups = part->cells.size() / steps_;
  const std::span<const LabelSet> keys = std::span(grouping_.keys()).subspan(first_group, groups);
  out.clear(steps_);
  out.labels.assign(keys.begin(), keys.end());
  out.v = part->cells.take_results();
  out.present.resize(out.size());
  const bool mixed = !part->histograms.empty();
  std::uint64_t present = 0;
  for (std::size_t cell = 0; cell < out.size(); ++cell) {
    const bool shows = mixed ? finish_mixed(cell, out) : part->cells.has(cell, kSeen);
    out.present[cell] = shows ? 1 : 0;
    present += shows ? 1 : 0;
  }
  for (std::size_t g = 0; g < groups; ++g) {
    if (drop_name_[first_group + g] == 0) continue;
    out.need_drop_names();
    out.drop_name[g] = 1;
  }
  return results_.add(present) && !context_.stop_after(2 * out.size());
}

// Makes the part of a group the one at hand; returns the group's first cell in it.
std::size_t Fold::enter(std::size_t group) {
  const std::size_t groups_per_part = series_per_batch(steps_);
  while (parts_.size() <= group / groups_per_part) {
    parts_.push_back(std::make_unique<Part>(expr_.op));
    // Of few groups a part is small; where there is a second, all but the last are full.
    if (parts_.size() > 1) parts_.back()->cells.reserve(groups_per_part * steps_);
  }
  part_ = parts_[group / groups_per_part].get();
  return group % groups_per_part * steps_;
}

void Fold::fold_series(const Batch& batch, std::size_t series) {
  const std::uint32_t group = grouping_.group(batch.labels[series]);
  const std::size_t first = enter(group);
  part_->cells.grow(first + steps_);
  if (group >= drop_name_.size()) drop_name_.resize(group + std::size_t{1}, 0);
  if (batch.drops_name(series)) drop_name_[group] = 1;
  if (!batch.h.empty()) return fold_mixed(batch, series, first);
  const std::size_t element = series * steps_;
  part_->cells.add_floats(first, {&batch.v[element], steps_}, &batch.present[element]);
}

void Fold::fold_mixed(const Batch& batch, std::size_t series, std::size_t first_cell) {
  for (std::uint32_t i = 0; i < steps_; ++i) {
    const std::size_t at = series * steps_ + i;
    if (batch.present[at] == 0) continue;
    if (context_.stop_after(kWorkOfHistogram)) return;
    if (batch.h[at] == nullptr) {
      part_->cells.add_float(first_cell + i, batch.v[at]);
    } else if (takes_histograms()) {
      add_histogram(first_cell + i, *batch.h[at], batch.labels[series]);
    } else {
      context_.annotations.info(expr_.expr->position,
                                "ignored histogram in " + op() + " aggregation");
    }
  }
}

bool Fold::takes_histograms() const {
  return expr_.op == TokenKind::kSum || expr_.op == TokenKind::kAvg ||
         expr_.op == TokenKind::kCount || expr_.op == TokenKind::kGroup;
}

void Fold::add_histogram(std::size_t cell, const nx_histogram& h, const LabelSet& labels) {
  if (part_->cells.has(cell, kIncompatible)) return;
  const bool first = !part_->cells.has(cell, kSeen);
  part_->cells.set(cell, kSeen);
  const double count = part_->cells.count(cell);
  if (expr_.op == TokenKind::kCount || expr_.op == TokenKind::kGroup) return;
  if (h.reset_hint == NX_RESET_YES) part_->cells.set(cell, kResetSeen);
  if (h.reset_hint == NX_RESET_NO) part_->cells.set(cell, kNoResetSeen);
  part_->cells.set(cell, kHasHistogram);
  if (cell >= part_->histograms.size()) part_->histograms.resize(cell + 1, nullptr);
  if (first) {
    part_->histograms[cell] = &h;
  } else if (part_->histograms[cell] != nullptr) {
    sum_histogram(cell, count, h, labels);
  }
}

void Fold::sum_histogram(std::size_t cell, double count, const nx_histogram& h,
                         const LabelSet& labels) {
  Arena& arena = context_.arena;
  const nx_histogram& so_far = *part_->histograms[cell];
  HistogramSum sum;
  if (expr_.op == TokenKind::kSum) {
    sum = add_histograms(so_far, h, 1, arena);
  } else {
    const nx_histogram* part = divide_histogram(h, count, arena);
    const nx_histogram* mean = divide_histogram(so_far, count, arena);
    sum = add_histograms(*part, *mean, -1, arena);
    if (sum.result != nullptr) sum = add_histograms(so_far, *sum.result, 1, arena);
  }
  if (sum.result != nullptr) {
    part_->histograms[cell] = sum.result;
    return;
  }
  part_->cells.set(cell, kIncompatible);
  context_.annotations.warn(
      expr_.expr->position,
      std::string(sum.bounds_differ
                      ? "vector contains histograms with incompatible custom buckets"
                      : "vector contains a mix of histograms with exponential and custom buckets "
                        "schemas") +
          for_metric(context_.labels.name_of(labels)));
}

// The result of a cell that may have seen histograms; false when it has none.
bool Fold::finish_mixed(std::size_t cell, Batch& out) {
  if (part_->cells.has(cell, kHasHistogram)) out.v[cell] = 0;
  if (!part_->cells.has(cell, kSeen) || part_->cells.has(cell, kIncompatible)) return false;
  if (part_->cells.has(cell, kHasFloat) && part_->cells.has(cell, kHasHistogram)) {
    context_.annotations.warn(expr_.expr->position,
                              "encountered a mix of histograms and floats for aggregation");
    return false;
  }
  if (part_->cells.has(cell, kResetSeen) && part_->cells.has(cell, kNoResetSeen)) {
    context_.annotations.warn(expr_.expr->position,
                              "conflicting counter resets during histogram aggregation");
  }
  if (part_->cells.has(cell, kHasHistogram)) {
    out.need_histograms();
    out.h[cell] = part_->histograms[cell];
  }
  return true;
}

}  // namespace

StreamPtr fold(Context& context, const AggregateExpr& expr, StreamPtr of) {
  return std::make_unique<Fold>(context, expr, std::move(of));
}

}  // namespace narthex::promql
