// SPDX-License-Identifier: Apache-2.0
#include "promql/matched_rows.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace narthex::promql {

MatchedRows::MatchedRows(Context& context, const BinaryExpr& expr, const MatchSides& sides,
                         const MatchGroups& groups)
    : context_(context),
      expr_(expr),
      sides_(sides),
      groups_(groups),
      drops_metadata_(changes_meaning(expr.op) ||
                      (expr.return_bool && !context.options.delayed_name_removal)),
      rows_(context) {
  const auto intern = [&](const std::vector<std::string>& names, std::vector<Symbol>& out) {
    for (const std::string& name : names) out.push_back(context.labels.intern(name));
  };
  intern(sides.matching.labels, matched_by_);
  intern(sides.matching.include, include_);
}

MatchedRows::Place MatchedRows::place_of(const MatchedPair& pair) {
  const std::uint64_t key = (std::uint64_t{pair.many} << 32) | pair.one;
  const auto [known, is_new_pair] = row_of_pair_.try_emplace(key, 0);
  if (!is_new_pair) return {*known, false};
  const LabelSet labels = labels_of(pair);
  const auto next = static_cast<std::uint32_t>(rows_.size());
  const auto [row, is_new] = row_of_labels_.try_emplace(labels, next);
  *known = *row;
  if (is_new) {
    const ResultRows::Row added = rows_.add(labels);
    group_of_row_.push_back(0);
    if (context_.options.delayed_name_removal && expr_.return_bool) {
      added.batch.need_drop_names();
      added.batch.drop_name[added.index] = 1;
    }
  }
  return {*row, is_new};
}

ResultRows::Row MatchedRows::claim(std::uint32_t row, std::uint32_t group) {
  group_of_row_[row] = group;
  return rows_.row(row);
}

bool MatchedRows::put(std::uint32_t group, std::uint32_t row, std::uint32_t step,
                      const Element& value) {
  const ResultRows::Row to = rows_.row(row);
  if (to.present()[step] != 0) {
    return context_.fail(ErrorKind::kExecution,
                         group_of_row_[row] == group
                             ? "multiple matches for labels: grouping labels must ensure unique "
                               "matches"
                             : "vector cannot contain metrics with the same labelset");
  }
  group_of_row_[row] = group;
  to.present()[step] = 1;
  to.v()[step] = value.v;
  if (value.h != nullptr) to.put_histogram(step, value.h);
  return true;
}

// A series that was filled in has the labels by which the other one matched.
LabelSet MatchedRows::labels_of(const MatchedPair& pair) {
  LabelStore& labels = context_.labels;
  const HeldRows& many = groups_.many();
  const HeldRows& one = groups_.one();
  const LabelSet of_many =
      pair.many != kNobody ? many.labels(pair.many) : groups_.key(one.labels(pair.one));
  const LabelSet of_one =
      pair.one != kNobody ? one.labels(pair.one) : groups_.key(many.labels(pair.many));
  LabelSet set = drops_metadata_ ? labels.without_metadata(of_many) : of_many;
  if (sides_.one_to_one) {
    // What on() keeps is its labels; what ignoring() keeps is all but its labels.
    set = labels.filter(set, [&](Symbol name) {
      const bool named =
          std::find(matched_by_.begin(), matched_by_.end(), name) != matched_by_.end();
      return named == sides_.matching.on;
    });
  }
  if (include_.empty()) return set;
  std::vector<LabelPair> pairs(set.begin(), set.end());
  for (const Symbol name : include_) pairs.push_back({name, of_one.get(name)});
  return labels.add_unsorted(std::move(pairs));
}

}  // namespace narthex::promql
