// SPDX-License-Identifier: Apache-2.0
#include "promql/match_groups.hpp"

#include <algorithm>

namespace narthex::promql {

bool MatchGroups::read(Stream& many, Stream& one) {
  if (!many_.drain(many) || !one_.drain(one)) return false;
  if (nothing_to_match()) return true;
  steps_ = std::max(many_.step_count(), one_.step_count());
  const auto group = [this](const LabelSet& labels) { return matcher_.group(labels); };
  return of_many_.number(context_, many_, group) && of_one_.number(context_, one_, group) &&
         of_many_.arrange(context_, group_count()) && of_one_.arrange(context_, group_count());
}

bool MatchGroups::nothing_to_match() const {
  return (many_.series_count() == 0 && !sides_.fill_many) ||
         (one_.series_count() == 0 && !sides_.fill_one);
}

bool MatchGroups::is_simple(const MatchGroup& group) const {
  return group.one.size() == 1 && (!sides_.one_to_one || group.many.size() == 1) &&
         !sides_.fill_many && !sides_.fill_one && !many_.has_histograms() && !one_.has_histograms();
}

bool MatchGroups::find_steps_of_many() {
  any_many_.assign(steps_, 0);
  std::uint8_t* any = any_many_.data();
  for (std::size_t s = 0; s < many_.series_count(); ++s) {
    if (context_.stop_after(steps_)) return false;
    const std::uint8_t* present = many_.present(s);
    for (std::size_t i = 0; i < steps_; ++i) any[i] |= present[i];
  }
  return true;
}

bool MatchGroups::find_partners(const MatchGroup& group, Column<std::uint32_t>& partner) {
  if (any_many_.empty() && !find_steps_of_many()) return false;
  partner.assign(steps_, kNobody);
  for (std::uint32_t step = 0; step < steps_; ++step) {
    if (context_.stop_after(1 + group.one.size())) return false;
    if (any_many_[step] == 0 && !sides_.fill_many) continue;
    for (const std::uint32_t s : group.one) {
      if (one_.present(s)[step] == 0) continue;
      if (partner[step] != kNobody) return duplicate(partner[step], s);
      partner[step] = s;
    }
  }
  return true;
}

bool MatchGroups::duplicate(std::uint32_t earlier, std::uint32_t later) {
  const LabelStore& labels = context_.labels;
  const LabelSet& a = one_.labels(later);
  const LabelSet& b = one_.labels(earlier);
  return context_.fail(
      ErrorKind::kExecution,
      "found duplicate series for the match group " + labels.print(matcher_.key(a)) + " on the " +
          (sides_.swapped ? "left" : "right") + " hand-side of the operation: [" + labels.print(a) +
          ", " + labels.print(b) +
          "];many-to-many matching not allowed: matching labels must be unique on one side");
}

}  // namespace narthex::promql
