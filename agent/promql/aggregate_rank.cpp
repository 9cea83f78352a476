// SPDX-License-Identifier: Apache-2.0
// Aggregations that pick series: topk, bottomk, limitk, limit_ratio. Picked anew at every step; a
// picked series keeps its labels.
#include "promql/grouping.hpp"
#include "promql/operators.hpp"
#include "promql/numbers.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace narthex::promql {

namespace {

struct Candidate {
  double v = 0;
  std::uint32_t series = 0;
};

// A binary heap that sifts as Go's container/heap does, so that ties are broken as they are there.
// The worst candidate is on top.
class WorstFirst {
 public:
  explicit WorstFirst(bool largest_wins) : largest_wins_(largest_wins) {}

  void offer(const Candidate& candidate, std::size_t size_max) {
    if (items_.size() < size_max) {
      items_.push_back(candidate);
      sift_up(items_.size() - 1);
    } else if (is_better(candidate.v, items_[0].v)) {
      items_[0] = candidate;
      sift_down(0);
    }
  }
  // Best first; empties the heap.
  Column<Candidate> take_sorted() {
    std::stable_sort(items_.begin(), items_.end(), [this](const Candidate& a, const Candidate& b) {
      return is_better(a.v, b.v);
    });
    return std::move(items_);
  }

 private:
  // NaN is worse than everything.
  bool is_better(double a, double b) const {
    if (std::isnan(a)) return false;
    return std::isnan(b) || (largest_wins_ ? a > b : a < b);
  }
  bool is_less(std::size_t i, std::size_t j) const {
    const double a = items_[i].v;
    const double b = items_[j].v;
    return std::isnan(a) || (largest_wins_ ? a < b : a > b);
  }
  void sift_up(std::size_t j) {
    for (std::size_t i; j > 0 && is_less(j, i = (j - 1) / 2); j = i)
      std::swap(items_[i], items_[j]);
  }
  void sift_down(std::size_t i) {
    for (;;) {
      std::size_t j = 2 * i + 1;
      if (j >= items_.size()) return;
      if (j + 1 < items_.size() && is_less(j + 1, j)) ++j;
      if (!is_less(j, i)) return;
      std::swap(items_[i], items_[j]);
      i = j;
    }
  }

  const bool largest_wins_;
  Column<Candidate> items_;
};

// A text as the reference's label sets hold it: its size in a byte, or in four from 255 up.
void append_sized(std::string& out, std::string_view text) {
  constexpr std::size_t kLong = 255;
  std::size_t size = text.size();
  out += static_cast<char>(std::min(size, kLong));
  for (int i = 0; text.size() >= kLong && i < 3; ++i, size >>= 8) {
    out += static_cast<char>(size & 0xFF);
  }
  out += text;
}

// A number from 0 to 1 that depends on the labels only: the reference's hash of them.
double share_of(const LabelStore& labels, const LabelSet& set) {
  std::string all;
  for (const LabelPair& pair : set) {
    append_sized(all, labels.text(pair.name));
    append_sized(all, labels.text(pair.value));
  }
  return static_cast<double>(XXH64(all.data(), all.size(), 0)) / 0x1p64;
}

class Rank final : public Stream {
 public:
  Rank(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param)
      : context_(context),
        expr_(expr),
        of_(std::move(of)),
        param_(std::move(param)),
        grouping_(context, expr),
        input_(context) {}

  bool next(Batch& out) override {
    if (result_ == nullptr && !evaluate()) return false;
    return result_->next(out);
  }

 private:
  bool evaluate();
  bool check_count();
  bool check_ratio();
  void pick(std::uint32_t step);
  void pick_ranked(std::uint32_t step, std::size_t count);
  void pick_first(std::uint32_t step, std::size_t count);
  void pick_share(std::uint32_t step);
  void keep(std::uint32_t series, std::uint32_t step);
  bool is_histogram(std::uint32_t series, std::uint32_t step) const {
    return input_.batch.histogram(std::size_t{series} * steps_ + step) != nullptr;
  }
  bool present(std::uint32_t series, std::uint32_t step) const {
    return input_.batch.present[std::size_t{series} * steps_ + step] != 0;
  }

  Context& context_;
  const AggregateExpr& expr_;
  StreamPtr of_;
  const ScalarColumn param_;
  Grouping grouping_;
  Held input_;
  std::uint32_t steps_ = 1;
  Column<std::uint32_t> group_of_;   // [series]
  Column<std::uint32_t> output_of_;  // [series]: 1 + its place in the result, or 0
  Batch output_;
  StreamPtr result_;
};

bool Rank::check_count() {
  for (const double k : param_) {
    if (std::isnan(k)) return context_.fail(ErrorKind::kExecution, "Parameter value is NaN");
    if (k <= -9223372036854775808.0) {
      return context_.fail(ErrorKind::kExecution,
                           "Scalar value " + format_general(k) + " underflows int64");
    }
    if (k >= 9223372036854774784.0) {
      return context_.fail(ErrorKind::kExecution,
                           "Scalar value " + format_general(k) + " overflows int64");
    }
  }
  return true;
}

bool Rank::check_ratio() {
  const auto warn = [this](double ratio, std::string_view bound) {
    context_.annotations.warn(expr_.param->position,
                              "ratio value should be between -1 and 1, got " +
                                  format_general(ratio) + ", capping to " + std::string(bound));
  };
  double least = 0;
  double most = 0;
  for (const double r : param_) {
    if (std::isnan(r)) return context_.fail(ErrorKind::kExecution, "Ratio value is NaN");
    least = std::min(least, r);
    most = std::max(most, r);
  }
  if (most > 1) warn(most, "1");
  if (least < -1) warn(least, "-1");
  return true;
}

bool Rank::evaluate() {
  if (!(expr_.op == TokenKind::kLimitRatio ? check_ratio() : check_count())) return false;
  if (!drain(context_, *of_, input_)) return false;
  if (input_.batch.series_count() > 0) {
    steps_ = input_.batch.step_count;
    output_.clear(steps_);
    for (const LabelSet& set : input_.batch.labels) {
      if (context_.stop_after(kWorkOfKey)) return false;
      group_of_.push_back(grouping_.group(set));
    }
    output_of_.assign(input_.batch.series_count(), 0);
    for (std::uint32_t step = 0; step < steps_; ++step) {
      pick(step);
      if (context_.failed()) return false;
    }
  }
  result_ = materialized(context_, std::move(output_));
  return true;
}

void Rank::pick(std::uint32_t step) {
  if (expr_.op == TokenKind::kLimitRatio) return pick_share(step);
  const double k = std::min(param_[step], static_cast<double>(input_.batch.series_count()));
  if (k < 1) return;
  if (expr_.op == TokenKind::kLimitk) return pick_first(step, static_cast<std::size_t>(k));
  pick_ranked(step, static_cast<std::size_t>(k));
}

void Rank::pick_ranked(std::uint32_t step, std::size_t count) {
  Column<WorstFirst> heaps(grouping_.keys().size(), WorstFirst(expr_.op == TokenKind::kTopk));
  for (std::uint32_t s = 0; s < group_of_.size(); ++s) {
    if (context_.stop_after(1)) return;
    if (!present(s, step)) continue;
    if (is_histogram(s, step)) {
      context_.annotations.info(
          expr_.position,
          "ignored histogram in " + std::string(spelling(expr_.op)) + " aggregation");
      continue;
    }
    heaps[group_of_[s]].offer({input_.batch.v[std::size_t{s} * steps_ + step], s}, count);
  }
  for (WorstFirst& heap : heaps) {
    for (const Candidate& candidate : heap.take_sorted()) {
      if (context_.stop_after(kWorkOfKey)) return;
      keep(candidate.series, step);
    }
  }
}

void Rank::pick_first(std::uint32_t step, std::size_t count) {
  Column<std::size_t> taken(grouping_.keys().size(), 0);
  for (std::uint32_t s = 0; s < group_of_.size(); ++s) {
    if (context_.stop_after(1)) return;
    if (present(s, step) && taken[group_of_[s]]++ < count) keep(s, step);
  }
}

// A positive ratio takes the lower end of the labels' shares, a negative one the upper end, so
// that r and r - 1 complement each other.
void Rank::pick_share(std::uint32_t step) {
  const double ratio = std::clamp(param_[step], -1.0, 1.0);
  for (std::uint32_t s = 0; s < group_of_.size(); ++s) {
    if (!present(s, step)) continue;
    if (context_.stop_after(kWorkOfKey)) return;
    const double share = share_of(context_.labels, input_.batch.labels[s]);
    if (ratio >= 0 ? share < ratio : share >= 1 + ratio) keep(s, step);
  }
}

void Rank::keep(std::uint32_t series, std::uint32_t step) {
  const Batch& in = input_.batch;
  if (output_of_[series] == 0) {
    output_.add(in.labels[series]);
    output_of_[series] = static_cast<std::uint32_t>(output_.series_count());
    if (in.drops_name(series)) {
      output_.need_drop_names();
      output_.drop_name.back() = 1;
    }
  }
  const std::size_t from = std::size_t{series} * steps_ + step;
  const std::size_t to = std::size_t{output_of_[series] - 1} * steps_ + step;
  output_.present[to] = 1;
  output_.v[to] = in.v[from];
  if (in.histogram(from) == nullptr) return;
  output_.need_histograms();
  output_.h[to] = in.h[from];
}

}  // namespace

StreamPtr rank(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param) {
  return std::make_unique<Rank>(context, expr, std::move(of), std::move(param));
}

}  // namespace narthex::promql
