// SPDX-License-Identifier: Apache-2.0
// Aggregations that pick series: topk, bottomk, limitk, limit_ratio. Picked anew at every step; a
// picked series keeps its labels.
#include "promql/group_members.hpp"
#include "promql/numbers.hpp"
#include "promql/operators.hpp"
#include "promql/result_rows.hpp"
#include "promql/select_rank.hpp"
#include "promql/sort_order.hpp"

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

// The candidates of a group at a step, in a room of the caller's: a binary heap that sifts as Go's
// container/heap does, so that ties are broken as they are there. The worst candidate is on top.
class WorstFirst {
 public:
  WorstFirst(bool largest_wins, Candidate* items, std::uint32_t& size)
      : largest_wins_(largest_wins), items_(items), size_(size) {}

  void offer(const Candidate& candidate, std::size_t size_max) {
    if (size_ < size_max) {
      items_[size_++] = candidate;
      sift_up(size_ - 1);
    } else if (is_better(candidate.v, items_[0].v)) {
      items_[0] = candidate;
      sift_down(0);
    }
  }
  // Best first, a heap no more. False when the query has ended.
  bool sort(Context& context) {
    const auto better = [this](const Candidate& a, const Candidate& b) {
      return is_better(a.v, b.v);
    };
    if (size_ <= kSelectedAtOnce) {
      if (size_ > 1) std::stable_sort(items_, items_ + size_, better);
      return !context.stop_after(std::size_t{16} * size_);
    }
    Column<std::uint32_t> order;
    const auto less = [&](std::uint32_t a, std::uint32_t b) {
      return better(items_[a], items_[b]);
    };
    if (!sort_order(context, size_, 4, less, order)) return false;
    Column<Candidate> sorted;
    sorted.reserve(size_);
    for (const std::uint32_t i : order) {
      if (context.stop_after(2)) return false;
      sorted.push_back(items_[i]);
    }
    std::copy(sorted.begin(), sorted.end(), items_);
    return !context.stop_after(size_);
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
      if (j >= size_) return;
      if (j + 1 < size_ && is_less(j + 1, j)) ++j;
      if (!is_less(j, i)) return;
      std::swap(items_[i], items_[j]);
      i = j;
    }
  }

  const bool largest_wins_;
  Candidate* const items_;
  std::uint32_t& size_;
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
        input_(context),
        output_(context) {}

  bool next(Batch& out) override {
    if (!evaluated_ && !evaluate()) return false;
    return output_.take(out);
  }

 private:
  bool evaluate();
  bool check_count();
  bool check_ratio();
  bool prepare();
  std::size_t count_at(std::uint32_t step) const;
  void pick(std::uint32_t step);
  void pick_ranked(std::uint32_t step, std::size_t count);
  void pick_first(std::uint32_t step, std::size_t count);
  void pick_share(std::uint32_t step);
  void keep(std::uint32_t series, std::uint32_t step);
  WorstFirst heap_of(std::size_t group) {
    return {expr_.op == TokenKind::kTopk, room_.data() + room_of_[group], taken_[group]};
  }

  Context& context_;
  const AggregateExpr& expr_;
  StreamPtr of_;
  const ScalarColumn param_;
  Grouping grouping_;
  HeldRows input_;
  GroupMembers members_;
  Column<double> shares_;            // [series], of limit_ratio
  Column<Candidate> room_;           // of all groups, one behind the other
  Column<std::uint32_t> room_of_;    // [group]: where its room begins
  Column<std::uint32_t> taken_;      // [group]: picked, or in its room, at this step
  Column<std::uint32_t> output_of_;  // [series]: 1 + its place in the result, or 0
  ResultRows output_;
  bool evaluated_ = false;
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
  evaluated_ = true;
  if (!(expr_.op == TokenKind::kLimitRatio ? check_ratio() : check_count())) return false;
  if (!input_.drain(*of_)) return false;
  if (input_.series_count() == 0) return true;
  if (!members_.read(context_, grouping_, input_) || !prepare()) return false;
  output_.begin(input_.step_count(), 0);
  output_of_.assign(input_.series_count(), 0);
  for (std::uint32_t step = 0; step < input_.step_count(); ++step) {
    pick(step);
    if (context_.failed()) return false;
  }
  return output_.finish();
}

// How many series of each group a step takes.
std::size_t Rank::count_at(std::uint32_t step) const {
  const double k = std::min(param_[step], static_cast<double>(input_.series_count()));
  return k < 1 ? 0 : static_cast<std::size_t>(k);
}

// What all steps share. Room for as many as any of them takes.
bool Rank::prepare() {
  if (expr_.op == TokenKind::kLimitRatio) {
    shares_.reserve(input_.series_count());
    for (std::size_t s = 0; s < input_.series_count(); ++s) {
      if (context_.stop_after(kWorkOfKey)) return false;
      shares_.push_back(share_of(context_.labels, input_.labels(s)));
    }
    return true;
  }
  taken_.assign(members_.group_count(), 0);
  if (expr_.op == TokenKind::kLimitk) return true;
  std::size_t most = 0;
  for (std::uint32_t i = 0; i < input_.step_count(); ++i) most = std::max(most, count_at(i));
  std::size_t room = 0;
  for (std::size_t g = 0; g < members_.group_count(); ++g) {
    if (context_.stop_after(2)) return false;
    room_of_.push_back(static_cast<std::uint32_t>(room));
    room += std::min(most, members_.of(g).size());
  }
  room_.resize(room);
  return true;
}

void Rank::pick(std::uint32_t step) {
  if (expr_.op == TokenKind::kLimitRatio) return pick_share(step);
  const std::size_t count = count_at(step);
  if (count == 0) return;
  std::fill(taken_.begin(), taken_.end(), 0u);
  if (expr_.op == TokenKind::kLimitk) return pick_first(step, count);
  pick_ranked(step, count);
}

void Rank::pick_ranked(std::uint32_t step, std::size_t count) {
  for (std::uint32_t s = 0; s < input_.series_count(); ++s) {
    if (context_.stop_after(8)) return;
    if (input_.present(s)[step] == 0) continue;
    if (input_.histogram(s, step) != nullptr) {
      context_.annotations.info(
          expr_.position,
          "ignored histogram in " + std::string(spelling(expr_.op)) + " aggregation");
      continue;
    }
    heap_of(members_.group_of(s)).offer({input_.values(s)[step], s}, count);
  }
  for (std::size_t g = 0; g < members_.group_count(); ++g) {
    if (!heap_of(g).sort(context_)) return;
    for (std::uint32_t i = 0; i < taken_[g]; ++i) {
      if (context_.stop_after(kWorkOfKey)) return;
      keep(room_[room_of_[g] + i].series, step);
    }
  }
}

void Rank::pick_first(std::uint32_t step, std::size_t count) {
  for (std::uint32_t s = 0; s < input_.series_count(); ++s) {
    if (context_.stop_after(8)) return;
    if (input_.present(s)[step] == 0 || taken_[members_.group_of(s)]++ >= count) continue;
    keep(s, step);
  }
}

// A positive ratio takes the lower end of the labels' shares, a negative one the upper end, so
// that r and r - 1 complement each other.
void Rank::pick_share(std::uint32_t step) {
  const double ratio = std::clamp(param_[step], -1.0, 1.0);
  for (std::uint32_t s = 0; s < input_.series_count(); ++s) {
    if (context_.stop_after(8)) return;
    if (input_.present(s)[step] == 0) continue;
    if (ratio >= 0 ? shares_[s] < ratio : shares_[s] >= 1 + ratio) keep(s, step);
  }
}

void Rank::keep(std::uint32_t series, std::uint32_t step) {
  if (output_of_[series] == 0) {
    const ResultRows::Row added = output_.add(input_.labels(series));
    output_of_[series] = static_cast<std::uint32_t>(output_.size());
    if (input_.drops_name(series)) {
      added.batch.need_drop_names();
      added.batch.drop_name[added.index] = 1;
    }
  }
  const ResultRows::Row row = output_.row(output_of_[series] - 1);
  row.present()[step] = 1;
  row.v()[step] = input_.values(series)[step];
  if (const nx_histogram* h = input_.histogram(series, step)) row.put_histogram(step, h);
}

}  // namespace

StreamPtr rank(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param) {
  return std::make_unique<Rank>(context, expr, std::move(of), std::move(param));
}

}  // namespace narthex::promql
