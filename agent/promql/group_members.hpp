// SPDX-License-Identifier: Apache-2.0
// group_members.hpp - which series fall into each group of an aggregation, or of a match, in their
// order: one column for all groups, since there may be a million of them. One thread.
#pragma once

#include "promql/grouping.hpp"
#include "promql/held_rows.hpp"

#include <cstdint>
#include <span>

namespace narthex::promql {

class GroupMembers {
 public:
  // False when the query has ended, here and below.
  bool read(Context& context, Grouping& grouping, const HeldRows& rows) {
    const auto group = [&](const LabelSet& labels) { return grouping.group(labels); };
    return number(context, rows, group) && arrange(context, grouping.keys().size());
  }
  // In two steps, where several sides share their groups: all number their series first.
  template <class GroupOf>
  bool number(Context& context, const HeldRows& rows, const GroupOf& group_of) {
    group_of_.reserve(rows.series_count());
    for (std::size_t s = 0; s < rows.series_count(); ++s) {
      if (context.stop_after(kWorkOfKey)) return false;
      group_of_.push_back(group_of(rows.labels(s)));
    }
    return true;
  }
  bool arrange(Context& context, std::size_t group_count) {
    first_.assign(group_count + 1, 0);
    for (const std::uint32_t group : group_of_) {
      if (context.stop_after(2)) return false;
      ++first_[group + 1];
    }
    for (std::size_t g = 1; g < first_.size(); ++g) first_[g] += first_[g - 1];
    members_.resize(group_of_.size());
    Column<std::uint32_t> next(first_.begin(), first_.end());
    for (std::uint32_t s = 0; s < group_of_.size(); ++s) {
      if (context.stop_after(2)) return false;
      members_[next[group_of_[s]]++] = s;
    }
    return true;
  }

  std::size_t group_count() const { return first_.size() - 1; }
  std::uint32_t group_of(std::uint32_t series) const { return group_of_[series]; }
  // Where the members of a group begin among those of all; of group_count(): where they end.
  std::uint32_t first(std::size_t group) const { return first_[group]; }
  std::span<const std::uint32_t> of(std::size_t group) const {
    return std::span(members_).subspan(first_[group], first_[group + 1] - first_[group]);
  }

 private:
  Column<std::uint32_t> group_of_;  // [series]
  Column<std::uint32_t> first_;     // [group + 1]
  Column<std::uint32_t> members_;
};

}  // namespace narthex::promql
