// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparisons between two vectors: one-to-one, many-to-one, one-to-many.
//
// Series are grouped by their matching labels once; what may match at a step is then a question of
// presence. Duplicates are an error only at a step where both have a value.
#include "promql/arithmetic.hpp"
#include "promql/held_rows.hpp"
#include "promql/matching.hpp"
#include "promql/operators.hpp"
#include "promql/result_rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace narthex::promql {

namespace {

constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

class VectorVector final : public Stream {
 public:
  VectorVector(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs)
      : context_(context),
        expr_(expr),
        matching_(*expr.matching),
        swapped_(matching_.cardinality == Cardinality::kOneToMany),
        one_to_one_(matching_.cardinality == Cardinality::kOneToOne),
        matcher_(context, matching_),
        many_stream_(swapped_ ? std::move(rhs) : std::move(lhs)),
        one_stream_(swapped_ ? std::move(lhs) : std::move(rhs)),
        many_(context),
        one_(context),
        output_(context) {
    for (const std::string& name : matching_.include) {
      include_.push_back(context.labels.intern(name));
    }
  }

  bool next(Batch& out) override {
    if (!evaluated_ && !evaluate()) return false;
    return !context_.stop() && output_.take(out);
  }

 private:
  struct Group {
    std::vector<std::uint32_t> many;
    std::vector<std::uint32_t> one;
  };
  struct Pair {
    std::uint32_t many;
    std::uint32_t one;
  };

  bool evaluate();
  void find_groups();
  bool find_partners(const Group& group, std::vector<std::uint32_t>& partner);
  void find_steps_of_many();
  bool evaluate_group(std::uint32_t index, const Group& group);
  bool is_simple(const Group& group) const;
  bool evaluate_rows(std::uint32_t index, const Group& group);
  bool evaluate_row(std::uint32_t index, const Pair& pair);
  bool evaluate_series(std::uint32_t group, std::uint32_t many,
                       const std::vector<std::uint32_t>& partner, std::vector<std::uint8_t>& taken);
  bool evaluate_unmatched(std::uint32_t group, const std::vector<std::uint32_t>& partner,
                          const std::vector<std::uint8_t>& taken);
  bool apply(std::uint32_t group, const Pair& pair, std::uint32_t step,
             std::vector<std::uint8_t>* taken);
  bool put(std::uint32_t group, std::uint32_t series, std::uint32_t step, const Element& value);
  std::uint32_t output_series(const Pair& pair);
  LabelSet result_labels(const Pair& pair);
  LabelSet labels_of(const HeldRows& side, std::uint32_t series, const HeldRows& other,
                     std::uint32_t other_series) const;
  bool duplicate(std::uint32_t earlier, std::uint32_t later);

  std::optional<double> fill_many() const {
    return swapped_ ? matching_.fill_right : matching_.fill_left;
  }
  std::optional<double> fill_one() const {
    return swapped_ ? matching_.fill_left : matching_.fill_right;
  }

  Context& context_;
  const BinaryExpr& expr_;
  const VectorMatching& matching_;
  const bool swapped_;
  const bool one_to_one_;
  Matcher matcher_;
  StreamPtr many_stream_;
  StreamPtr one_stream_;
  HeldRows many_;
  HeldRows one_;
  std::uint32_t steps_ = 1;
  std::vector<Group> groups_;
  // [steps]: the many side has a value somewhere. Empty: nobody has asked yet.
  std::vector<std::uint8_t> any_many_;
  // Of one pair of series.
  std::vector<std::uint8_t> both_;  // [steps]: both have a value
  std::vector<double> values_;      // [steps]
  std::vector<Symbol> include_;
  std::unordered_map<std::uint64_t, std::uint32_t> output_of_pair_;
  std::unordered_map<LabelSet, std::uint32_t, LabelSetHash> output_of_labels_;
  std::vector<std::uint32_t> group_of_output_;
  ResultRows output_;
  bool evaluated_ = false;
};

bool VectorVector::evaluate() {
  if (!many_.drain(*many_stream_) || !one_.drain(*one_stream_)) return false;
  const bool nothing =
      (many_.series_count() == 0 && !fill_many()) || (one_.series_count() == 0 && !fill_one());
  if (!nothing) {
    steps_ = std::max(many_.step_count(), one_.step_count());
    find_groups();
    output_.begin(steps_, many_.series_count());
    for (std::uint32_t g = 0; g < groups_.size(); ++g) {
      if (!evaluate_group(g, groups_[g]) || context_.stop()) return false;
    }
  }
  evaluated_ = true;
  return output_.finish();
}

void VectorVector::find_groups() {
  const auto place = [this](const HeldRows& side, std::vector<std::uint32_t> Group::*list) {
    for (std::uint32_t s = 0; s < side.series_count(); ++s) {
      const std::uint32_t g = matcher_.group(side.labels(s));
      if (g >= groups_.size()) groups_.resize(g + 1);
      (groups_[g].*list).push_back(s);
    }
  };
  place(many_, &Group::many);
  place(one_, &Group::one);
}

void VectorVector::find_steps_of_many() {
  any_many_.assign(steps_, 0);
  std::uint8_t* any = any_many_.data();
  for (std::size_t s = 0; s < many_.series_count(); ++s) {
    if (context_.stop_now_and_then(s)) return;
    const std::uint8_t* present = many_.present(s);
    for (std::size_t i = 0; i < steps_; ++i) any[i] |= present[i];
  }
}

// Which series of the one side has a value, for each step.
bool VectorVector::find_partners(const Group& group, std::vector<std::uint32_t>& partner) {
  if (any_many_.empty()) find_steps_of_many();
  partner.assign(steps_, kNobody);
  for (std::uint32_t step = 0; step < steps_; ++step) {
    if (context_.stop_now_and_then(step)) return false;
    if (any_many_[step] == 0 && !fill_many()) continue;
    for (const std::uint32_t s : group.one) {
      if (one_.present(s)[step] == 0) continue;
      if (partner[step] != kNobody) return duplicate(partner[step], s);
      partner[step] = s;
    }
  }
  return true;
}

bool VectorVector::duplicate(std::uint32_t earlier, std::uint32_t later) {
  const LabelStore& labels = context_.labels;
  const LabelSet& a = one_.labels(later);
  const LabelSet& b = one_.labels(earlier);
  return context_.fail(
      ErrorKind::kExecution,
      "found duplicate series for the match group " + labels.print(matcher_.key(a)) + " on the " +
          (swapped_ ? "left" : "right") + " hand-side of the operation: [" + labels.print(a) +
          ", " + labels.print(b) +
          "];many-to-many matching not allowed: matching labels must be unique on one side");
}

bool VectorVector::evaluate_group(std::uint32_t index, const Group& group) {
  if (group.many.empty() && !fill_many() && group.one.size() < 2) return true;
  if (is_simple(group)) return evaluate_rows(index, group);
  std::vector<std::uint32_t> partner;
  if (!find_partners(group, partner)) return false;
  std::vector<std::uint8_t> taken(steps_, 0);
  for (const std::uint32_t many : group.many) {
    if (context_.stop() || !evaluate_series(index, many, partner, taken)) return false;
  }
  return !fill_many() || evaluate_unmatched(index, partner, taken);
}

// One partner for all steps, floats alone, and nothing that could be matched twice.
bool VectorVector::is_simple(const Group& group) const {
  return group.one.size() == 1 && (!one_to_one_ || group.many.size() == 1) && !fill_many() &&
         !fill_one() && !many_.has_histograms() && !one_.has_histograms();
}

bool VectorVector::evaluate_rows(std::uint32_t index, const Group& group) {
  for (const std::uint32_t many : group.many) {
    if (!evaluate_row(index, {many, group.one.front()})) return false;
  }
  return true;
}

bool VectorVector::evaluate_row(std::uint32_t index, const Pair& pair) {
  const double* a = many_.values(pair.many);
  const double* b = one_.values(pair.one);
  if (swapped_) std::swap(a, b);
  const std::uint8_t* many = many_.present(pair.many);
  const std::uint8_t* one = one_.present(pair.one);
  both_.resize(steps_);
  values_.resize(steps_);
  std::uint8_t* both = both_.data();
  for (std::uint32_t i = 0; i < steps_; ++i) both[i] = many[i] & one[i];
  if (std::memchr(both, 1, steps_) == nullptr) return true;
  combine_rows(expr_.op, expr_.return_bool, {a, steps_}, b, values_.data(), both);
  if (std::memchr(both, 1, steps_) == nullptr) return true;
  const std::size_t before = output_.size();
  const std::uint32_t series = output_series(pair);
  if (series < before) {  // labels that another pair has too: they may meet at a step
    for (std::uint32_t i = 0; i < steps_; ++i) {
      if (both_[i] != 0 && !put(index, series, i, {values_[i], nullptr})) return false;
    }
    return true;
  }
  group_of_output_[series] = index;
  const ResultRows::Row row = output_.row(series);
  double* v = row.v();
  const double* values = values_.data();
  for (std::uint32_t i = 0; i < steps_; ++i) v[i] = both[i] != 0 ? values[i] : 0;
  std::copy_n(both, steps_, row.present());
  return true;
}

bool VectorVector::evaluate_series(std::uint32_t group, std::uint32_t many,
                                   const std::vector<std::uint32_t>& partner,
                                   std::vector<std::uint8_t>& taken) {
  for (std::uint32_t step = 0; step < steps_; ++step) {
    if (many_.present(many)[step] == 0) continue;
    if (partner[step] == kNobody && !fill_one()) continue;
    if (!apply(group, {many, partner[step]}, step, &taken)) return false;
  }
  return true;
}

bool VectorVector::evaluate_unmatched(std::uint32_t group,
                                      const std::vector<std::uint32_t>& partner,
                                      const std::vector<std::uint8_t>& taken) {
  for (std::uint32_t step = 0; step < steps_; ++step) {
    if (partner[step] == kNobody || taken[step] != 0) continue;
    if (!apply(group, {kNobody, partner[step]}, step, nullptr)) return false;
  }
  return true;
}

bool VectorVector::apply(std::uint32_t group, const Pair& pair, std::uint32_t step,
                         std::vector<std::uint8_t>* taken) {
  const auto element = [&](const HeldRows& side, std::uint32_t series, std::optional<double> fill) {
    if (series == kNobody) return Element{*fill, nullptr};
    return Element{side.values(series)[step], side.histogram(series, step)};
  };
  Element a = element(many_, pair.many, fill_many());
  Element b = element(one_, pair.one, fill_one());
  if (swapped_) std::swap(a, b);
  ElementResult result = combine(context_, expr_.op, a, b, expr_.position);
  if (!result.computed) return true;
  if (expr_.return_bool) {
    result.value = {result.keep ? 1.0 : 0.0, nullptr};
  } else if (!result.keep) {
    return true;
  }
  if (taken != nullptr && one_to_one_ && (*taken)[step] != 0) {
    return context_.fail(ErrorKind::kExecution,
                         "multiple matches for labels: many-to-one matching must be explicit "
                         "(group_left/group_right)");
  }
  if (taken != nullptr) (*taken)[step] = 1;
  return put(group, output_series(pair), step, result.value);
}

bool VectorVector::put(std::uint32_t group, std::uint32_t series, std::uint32_t step,
                       const Element& value) {
  const ResultRows::Row row = output_.row(series);
  if (row.present()[step] != 0) {
    return context_.fail(ErrorKind::kExecution,
                         group_of_output_[series] == group
                             ? "multiple matches for labels: grouping labels must ensure unique "
                               "matches"
                             : "vector cannot contain metrics with the same labelset");
  }
  group_of_output_[series] = group;
  row.present()[step] = 1;
  row.v()[step] = value.v;
  if (value.h != nullptr) row.put_histogram(step, value.h);
  return true;
}

std::uint32_t VectorVector::output_series(const Pair& pair) {
  const std::uint64_t key = (std::uint64_t{pair.many} << 32) | pair.one;
  const auto [known, is_new] = output_of_pair_.try_emplace(key, 0);
  if (!is_new) return known->second;
  const LabelSet labels = result_labels(pair);
  const auto index = static_cast<std::uint32_t>(output_.size());
  const auto [output, unseen] = output_of_labels_.try_emplace(labels, index);
  if (unseen) {
    const ResultRows::Row row = output_.add(labels);
    group_of_output_.push_back(0);
    if (context_.options.delayed_name_removal && expr_.return_bool) {
      row.batch.need_drop_names();
      row.batch.drop_name[row.index] = 1;
    }
  }
  return known->second = output->second;
}

// The labels of a series; of a filled-in one those by which it matched.
LabelSet VectorVector::labels_of(const HeldRows& side, std::uint32_t series, const HeldRows& other,
                                 std::uint32_t other_series) const {
  if (series != kNobody) return side.labels(series);
  return matcher_.key(other.labels(other_series));
}

LabelSet VectorVector::result_labels(const Pair& pair) {
  LabelStore& labels = context_.labels;
  LabelSet set = labels_of(many_, pair.many, one_, pair.one);
  const LabelSet one = labels_of(one_, pair.one, many_, pair.many);
  const bool drop_metadata =
      changes_meaning(expr_.op) || (expr_.return_bool && !context_.options.delayed_name_removal);
  if (drop_metadata) set = labels.without_metadata(set);
  if (one_to_one_) {
    // What on() keeps is its labels; what ignoring() keeps is all but its labels.
    std::vector<Symbol> names;
    for (const std::string& name : matching_.labels) names.push_back(labels.intern(name));
    set = labels.filter(set, [&](Symbol name) {
      return (std::find(names.begin(), names.end(), name) != names.end()) == matching_.on;
    });
  }
  if (include_.empty()) return set;
  std::vector<LabelPair> pairs(set.begin(), set.end());
  for (const Symbol name : include_) pairs.push_back({name, one.get(name)});
  return labels.add_unsorted(std::move(pairs));
}

}  // namespace

StreamPtr vector_vector(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs) {
  return std::make_unique<VectorVector>(context, expr, std::move(lhs), std::move(rhs));
}

}  // namespace narthex::promql
