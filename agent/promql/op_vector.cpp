// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparisons between two vectors: one-to-one, many-to-one, one-to-many.
//
// Series are grouped by their matching labels once (match_groups); what may match at a step is then
// a question of presence. Where each series can have but one partner it is combined as a row, else
// step by step. Duplicates are an error only at a step where both have a value.
#include "promql/arithmetic.hpp"
#include "promql/match_groups.hpp"
#include "promql/matched_rows.hpp"
#include "promql/operators.hpp"

#include <algorithm>
#include <cstring>

namespace narthex::promql {

namespace {

class VectorVector final : public Stream {
 public:
  VectorVector(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs)
      : context_(context),
        expr_(expr),
        sides_(*expr.matching),
        many_stream_(sides_.swapped ? std::move(rhs) : std::move(lhs)),
        one_stream_(sides_.swapped ? std::move(lhs) : std::move(rhs)),
        groups_(context, sides_),
        output_(context, expr, sides_, groups_) {}

  bool next(Batch& out) override {
    if (!evaluated_ && !evaluate()) return false;
    return !context_.stop() && output_.take(out);
  }

 private:
  using Partners = Column<std::uint32_t>;
  using Taken = Column<std::uint8_t>;

  bool evaluate();
  bool evaluate_group(std::uint32_t index, const MatchGroup& group);
  bool evaluate_rows(std::uint32_t index, const MatchGroup& group);
  bool evaluate_row(std::uint32_t index, const MatchedPair& pair);
  bool evaluate_steps(std::uint32_t index, const MatchGroup& group);
  bool evaluate_series(std::uint32_t group, std::uint32_t many, const Partners& partner,
                       Taken& taken);
  bool evaluate_unmatched(std::uint32_t group, const Partners& partner, const Taken& taken);
  bool apply(std::uint32_t group, const MatchedPair& pair, std::uint32_t step, Taken* taken);

  Context& context_;
  const BinaryExpr& expr_;
  const MatchSides sides_;
  StreamPtr many_stream_;
  StreamPtr one_stream_;
  MatchGroups groups_;
  MatchedRows output_;
  // Of one pair of series, [steps].
  Column<std::uint8_t> both_;  // both have a value
  Column<double> values_;
  bool evaluated_ = false;
};

bool VectorVector::evaluate() {
  if (!groups_.read(*many_stream_, *one_stream_)) return false;
  if (!groups_.nothing_to_match()) {
    output_.begin();
    for (std::uint32_t index = 0; index < groups_.group_count(); ++index) {
      if (!evaluate_group(index, groups_.group(index))) return false;
    }
  }
  evaluated_ = true;
  return output_.finish();
}

bool VectorVector::evaluate_group(std::uint32_t index, const MatchGroup& group) {
  if (context_.stop_after(1)) return false;
  if (group.many.empty() && !sides_.fill_many && group.one.size() < 2) return true;
  return groups_.is_simple(group) ? evaluate_rows(index, group) : evaluate_steps(index, group);
}

// ---- series as rows ----

bool VectorVector::evaluate_rows(std::uint32_t index, const MatchGroup& group) {
  for (const std::uint32_t many : group.many) {
    if (!evaluate_row(index, {many, group.one.front()})) return false;
    if (context_.stop_after(kWorkOfLabels + 4 * groups_.steps())) return false;
  }
  return true;
}

bool VectorVector::evaluate_row(std::uint32_t index, const MatchedPair& pair) {
  const std::uint32_t steps = groups_.steps();
  const double* a = groups_.many().values(pair.many);
  const double* b = groups_.one().values(pair.one);
  if (sides_.swapped) std::swap(a, b);
  const std::uint8_t* many = groups_.many().present(pair.many);
  const std::uint8_t* one = groups_.one().present(pair.one);
  both_.resize(steps);
  values_.resize(steps);
  std::uint8_t* both = both_.data();
  const double* values = values_.data();
  for (std::uint32_t i = 0; i < steps; ++i) both[i] = many[i] & one[i];
  if (std::memchr(both, 1, steps) == nullptr) return true;
  combine_rows(expr_.op, expr_.return_bool, {a, steps}, b, values_.data(), both);
  if (std::memchr(both, 1, steps) == nullptr) return true;
  const MatchedRows::Place place = output_.place_of(pair);
  if (!place.is_new) {  // labels that another pair has too: they may meet at a step
    for (std::uint32_t i = 0; i < steps; ++i) {
      if (both[i] != 0 && !output_.put(index, place.row, i, {values[i], nullptr})) return false;
    }
    return true;
  }
  const ResultRows::Row row = output_.claim(place.row, index);
  double* v = row.v();
  for (std::uint32_t i = 0; i < steps; ++i) v[i] = both[i] != 0 ? values[i] : 0;
  std::copy_n(both, steps, row.present());
  return true;
}

// ---- step by step ----

bool VectorVector::evaluate_steps(std::uint32_t index, const MatchGroup& group) {
  Partners partner;
  if (!groups_.find_partners(group, partner)) return false;
  Taken taken(groups_.steps(), 0);
  for (const std::uint32_t many : group.many) {
    if (!evaluate_series(index, many, partner, taken)) return false;
  }
  return !sides_.fill_many || evaluate_unmatched(index, partner, taken);
}

bool VectorVector::evaluate_series(std::uint32_t group, std::uint32_t many, const Partners& partner,
                                   Taken& taken) {
  const std::uint8_t* present = groups_.many().present(many);
  for (std::uint32_t step = 0; step < groups_.steps(); ++step) {
    if (context_.stop_after(1)) return false;
    if (present[step] == 0) continue;
    if (partner[step] == kNobody && !sides_.fill_one) continue;
    if (!apply(group, {many, partner[step]}, step, &taken)) return false;
  }
  return true;
}

bool VectorVector::evaluate_unmatched(std::uint32_t group, const Partners& partner,
                                      const Taken& taken) {
  for (std::uint32_t step = 0; step < groups_.steps(); ++step) {
    if (context_.stop_after(1)) return false;
    if (partner[step] == kNobody || taken[step] != 0) continue;
    if (!apply(group, {kNobody, partner[step]}, step, nullptr)) return false;
  }
  return true;
}

bool VectorVector::apply(std::uint32_t group, const MatchedPair& pair, std::uint32_t step,
                         Taken* taken) {
  const auto element = [&](const HeldRows& side, std::uint32_t series, std::optional<double> fill) {
    if (series == kNobody) return Element{*fill, nullptr};
    return Element{side.values(series)[step], side.histogram(series, step)};
  };
  Element a = element(groups_.many(), pair.many, sides_.fill_many);
  Element b = element(groups_.one(), pair.one, sides_.fill_one);
  if (context_.stop_after(a.h == nullptr ? kWorkOfKey : kWorkOfHistogram)) return false;
  if (sides_.swapped) std::swap(a, b);
  ElementResult result = combine(context_, expr_.op, a, b, expr_.position);
  if (!result.computed) return true;
  if (expr_.return_bool) {
    result.value = {result.keep ? 1.0 : 0.0, nullptr};
  } else if (!result.keep) {
    return true;
  }
  if (taken != nullptr && sides_.one_to_one && (*taken)[step] != 0) {
    return context_.fail(ErrorKind::kExecution,
                         "multiple matches for labels: many-to-one matching must be explicit "
                         "(group_left/group_right)");
  }
  if (taken != nullptr) (*taken)[step] = 1;
  return output_.put(group, output_.place_of(pair).row, step, result.value);
}

}  // namespace

StreamPtr vector_vector(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs) {
  return std::make_unique<VectorVector>(context, expr, std::move(lhs), std::move(rhs));
}

}  // namespace narthex::promql
