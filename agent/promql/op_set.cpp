// SPDX-License-Identifier: Apache-2.0
// Set operators: and, or, unless. What counts is where the other side has a value, step by step.
#include "promql/matching.hpp"
#include "promql/merge_series.hpp"
#include "promql/operators.hpp"

namespace narthex::promql {

namespace {

// For every group the steps at which any of its series has a value.
class GroupPresence {
 public:
  GroupPresence(Context& context, Matcher& matcher, std::uint32_t steps)
      : context_(context), matcher_(matcher), steps_(steps) {}

  void add(const Batch& batch) {
    for (std::size_t s = 0; s < batch.series_count(); ++s) {
      if (context_.stop_after(kWorkOfKey + steps_)) return;
      const std::size_t first = std::size_t{matcher_.group(batch.labels[s])} * steps_;
      if (first + steps_ > present_.size()) present_.resize(first + steps_, 0);
      for (std::uint32_t i = 0; i < steps_; ++i) {
        present_[first + i] |= batch.present[s * steps_ + i];
      }
    }
  }
  bool at(std::uint32_t group, std::uint32_t step) const {
    const std::size_t i = std::size_t{group} * steps_ + step;
    return i < present_.size() && present_[i] != 0;
  }

 private:
  Context& context_;
  Matcher& matcher_;
  const std::uint32_t steps_;
  Column<std::uint8_t> present_;
};

class SetOperation final : public Stream {
 public:
  SetOperation(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs)
      : context_(context),
        op_(expr.op),
        matcher_(context, *expr.matching),
        lhs_(std::move(lhs)),
        rhs_(std::move(rhs)) {}

  bool next(Batch& out) override {
    if (op_ == TokenKind::kOr) return next_of_union(out);
    if (other_ == nullptr && !read_other()) return false;
    if (context_.stop() || !lhs_->next(out)) return false;
    keep(out, op_ == TokenKind::kAnd);
    return !context_.failed();
  }

 private:
  bool read_other();
  bool next_of_union(Batch& out);
  void keep(Batch& batch, bool where_present);

  Context& context_;
  const TokenKind op_;
  Matcher matcher_;
  StreamPtr lhs_;
  StreamPtr rhs_;
  std::unique_ptr<GroupPresence> other_;
  StreamPtr union_;
};

bool SetOperation::read_other() {
  Batch part;
  while (rhs_->next(part)) {
    if (other_ == nullptr) {
      other_ = std::make_unique<GroupPresence>(context_, matcher_, part.step_count);
    }
    other_->add(part);
  }
  if (other_ == nullptr) other_ = std::make_unique<GroupPresence>(context_, matcher_, 1);
  return !context_.failed();
}

void SetOperation::keep(Batch& batch, bool where_present) {
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    if (context_.stop_after(kWorkOfKey + batch.step_count)) return;
    const std::uint32_t group = matcher_.group(batch.labels[s]);
    for (std::uint32_t i = 0; i < batch.step_count; ++i) {
      if (other_->at(group, i) != where_present) batch.set_absent(s * batch.step_count + i);
    }
  }
}

// The left side, and of the right side what has no match on the left at that step.
bool SetOperation::next_of_union(Batch& out) {
  if (union_ == nullptr) {
    Held all(context_);
    if (!drain(context_, *lhs_, all)) return false;
    other_ = std::make_unique<GroupPresence>(
        context_, matcher_, all.batch.series_count() > 0 ? all.batch.step_count : 1);
    other_->add(all.batch);
    Held rest(context_);
    if (!drain(context_, *rhs_, rest)) return false;
    keep(rest.batch, false);
    if (context_.failed()) return false;
    if (all.batch.series_count() == 0) {
      all.batch = std::move(rest.batch);
    } else {
      for (std::size_t s = 0; s < rest.batch.series_count(); ++s) {
        append_series(all.batch, rest.batch, s);
        if (context_.stop_after(all.batch.step_count)) return false;
      }
    }
    if (!merge_equal_series(context_, all.batch, Collision::kMerge)) return false;
    union_ = materialized(context_, std::move(all));
  }
  return union_->next(out);
}

}  // namespace

StreamPtr set_operation(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs) {
  return std::make_unique<SetOperation>(context, expr, std::move(lhs), std::move(rhs));
}

}  // namespace narthex::promql
