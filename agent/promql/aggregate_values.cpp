// SPDX-License-Identifier: Apache-2.0
// Aggregations that need all values of a group at once: quantile and count_values.
#include "promql/group_members.hpp"
#include "promql/operators.hpp"
#include "promql/characters.hpp"
#include "promql/numbers.hpp"
#include "promql/quoting.hpp"
#include "promql/result_rows.hpp"
#include "promql/select_rank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace narthex::promql {

namespace {

// Between two values the weighted mean of both; NaN counts as the smallest. Reorders values; takes
// linear time, since only the two values around the rank need their places. None: the query has
// ended.
std::optional<double> quantile_of(Context& context, double q, Column<double>& values) {
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  const auto less = [](double a, double b) { return !std::isnan(b) && (std::isnan(a) || a < b); };
  const double rank = q * static_cast<double>(values.size() - 1);
  const double whole = std::floor(rank);
  const double weight = rank - whole;
  const auto at = static_cast<std::size_t>(whole);
  if (!select_rank(context, values, at, less)) return std::nullopt;
  const double lower = values[at];
  double upper = at + 1 < values.size() ? values[at + 1] : lower;
  for (std::size_t i = at + 2; i < values.size(); ++i) {
    if (less(values[i], upper)) upper = values[i];
    if (context.stop_after(1)) return std::nullopt;
  }
  return lower * (1 - weight) + upper * weight;
}

class Quantile final : public Stream {
 public:
  Quantile(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param)
      : context_(context),
        expr_(expr),
        of_(std::move(of)),
        param_(std::move(param)),
        grouping_(context, expr),
        output_(context) {}

  bool next(Batch& out) override {
    if (!evaluated_ && !evaluate()) return false;
    return output_.take(out);
  }

 private:
  struct MemberColumn {
    const double* v;              // [step]
    const std::uint8_t* present;  // [step]
    std::uint32_t series;
  };
  bool evaluate();
  void check_parameter();
  bool evaluate_group(const HeldRows& in, std::span<const std::uint32_t> members,
                      const ResultRows::Row& out);

  Context& context_;
  const AggregateExpr& expr_;
  StreamPtr of_;
  const ScalarColumn param_;
  Grouping grouping_;
  ResultRows output_;
  bool evaluated_ = false;
  // Of the group at hand.
  Column<MemberColumn> columns_;
  Column<double> values_;
};

void Quantile::check_parameter() {
  const auto warn = [this](double q) {
    context_.annotations.warn(expr_.param->position,
                              "quantile value should be between 0 and 1, got " + format_general(q));
  };
  double least = 0;
  double most = 1;
  bool nan = false;
  for (const double q : param_) {
    nan = nan || std::isnan(q);
    least = std::min(least, q);
    most = std::max(most, q);
  }
  if (nan) warn(std::numeric_limits<double>::quiet_NaN());
  if (most > 1) warn(most);
  if (least < 0) warn(least);
}

bool Quantile::evaluate() {
  evaluated_ = true;
  check_parameter();
  HeldRows in(context_);
  if (!in.drain(*of_)) return false;
  if (in.series_count() == 0) return true;
  GroupMembers members;
  if (!members.read(context_, grouping_, in)) return false;
  values_.reserve(in.series_count());
  output_.begin(in.step_count(), members.group_count());
  for (std::size_t g = 0; g < members.group_count(); ++g) {
    if (!evaluate_group(in, members.of(g), output_.add(grouping_.keys()[g]))) return false;
  }
  return output_.finish() && !context_.stop();
}

bool Quantile::evaluate_group(const HeldRows& in, std::span<const std::uint32_t> members,
                              const ResultRows::Row& out) {
  columns_.clear();
  for (const std::uint32_t s : members) {
    if (context_.stop_after(8)) return false;
    columns_.push_back({in.values(s), in.present(s), s});
    if (!in.drops_name(s)) continue;
    out.batch.need_drop_names();
    out.batch.drop_name[out.index] = 1;
  }
  for (std::uint32_t step = 0; step < in.step_count(); ++step) {
    values_.clear();
    for (const MemberColumn& member : columns_) {
      if (context_.stop_after(8)) return false;
      if (member.present[step] == 0) continue;
      if (in.histogram(member.series, step) == nullptr) {
        values_.push_back(member.v[step]);
      } else {
        context_.annotations.info(expr_.expr->position,
                                  "ignored histogram in quantile aggregation");
      }
    }
    if (values_.empty()) continue;
    const std::optional<double> value = quantile_of(context_, param_[step], values_);
    if (!value) return false;
    out.present()[step] = 1;
    out.v()[step] = *value;
  }
  return true;
}

class CountValues final : public Stream {
 public:
  CountValues(Context& context, const AggregateExpr& expr, StreamPtr of, const std::string& label)
      : context_(context),
        of_(std::move(of)),
        grouping_(context, expr),
        label_(context.labels.intern(label)),
        label_is_dropped_(expr.without && std::find(expr.grouping.begin(), expr.grouping.end(),
                                                    label) != expr.grouping.end()),
        output_(context) {}

  bool next(Batch& out) override {
    if (!evaluated_ && !evaluate()) return false;
    return output_.take(out);
  }

 private:
  bool evaluate();
  void count(const Batch& in, std::size_t i, const LabelSet& group, std::uint32_t step);
  LabelSet labels_with(const LabelSet& group, std::string_view value);

  Context& context_;
  StreamPtr of_;
  Grouping grouping_;
  const Symbol label_;
  const bool label_is_dropped_;
  LabelSetMap<std::size_t> outputs_;
  std::vector<LabelPair> pairs_;  // of the labels at hand
  ResultRows output_;
  bool evaluated_ = false;
};

// The group with the value as a further label, or in place of one. Valid until the next call: most
// values were seen before, and their labels are kept already.
LabelSet CountValues::labels_with(const LabelSet& group, std::string_view value) {
  if (label_is_dropped_) return group;
  const LabelPair own{label_, context_.labels.intern(value)};
  const std::string_view name = context_.labels.text(label_);
  pairs_.clear();
  bool placed = false;
  for (const LabelPair& pair : group) {
    if (pair.name == label_) continue;
    if (!placed && name < context_.labels.text(pair.name)) {
      pairs_.push_back(own);
      placed = true;
    }
    pairs_.push_back(pair);
  }
  if (!placed) pairs_.push_back(own);
  return {pairs_.data(), static_cast<std::uint32_t>(pairs_.size())};
}

void CountValues::count(const Batch& in, std::size_t i, const LabelSet& group, std::uint32_t step) {
  if (in.present[i] == 0) return;
  const nx_histogram* h = in.histogram(i);
  const std::string value = h != nullptr ? print_histogram(*h) : format_number(in.v[i]);
  const LabelSet labels = labels_with(group, value);
  const std::size_t* known = outputs_.find(labels);
  if (known == nullptr) {
    const LabelSet kept = context_.labels.add({labels.begin(), labels.size()});
    known = outputs_.try_emplace(kept, output_.size()).first;
    output_.add(kept);
  }
  const ResultRows::Row row = output_.row(*known);
  row.present()[step] = 1;
  row.v()[step] += 1;
}

bool CountValues::evaluate() {
  evaluated_ = true;
  Batch in;
  HeldSamples held(context_);
  while (of_->next(in)) {
    if (output_.size() == 0) output_.begin(in.step_count, 0);
    const std::size_t before = output_.size();
    for (std::size_t s = 0; s < in.series_count(); ++s) {
      const LabelSet group = grouping_.key(in.labels[s]);
      for (std::uint32_t step = 0; step < in.step_count; ++step) {
        count(in, s * in.step_count + step, group, step);
        if (context_.stop_after(kWorkOfText + kWorkOfKey)) return false;
      }
    }
    if (!held.add((output_.size() - before) * in.step_count) || context_.stop()) return false;
  }
  return !context_.failed();
}

}  // namespace

StreamPtr quantile(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param) {
  return std::make_unique<Quantile>(context, expr, std::move(of), std::move(param));
}

StreamPtr count_values(Context& context, const AggregateExpr& expr, StreamPtr of,
                       const std::string& label) {
  if (label.empty() || !is_valid_utf8(label)) {
    context.fail(ErrorKind::kExecution, "invalid label name " + quote(label));
    return nullptr;
  }
  return std::make_unique<CountValues>(context, expr, std::move(of), label);
}

}  // namespace narthex::promql
