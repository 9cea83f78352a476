// SPDX-License-Identifier: Apache-2.0
#include "promql/grouping.hpp"

#include <algorithm>

namespace narthex::promql {

Grouping::Grouping(Context& context, const AggregateExpr& expr)
    : labels_(context.labels), without_(expr.without) {
  for (const std::string& name : expr.grouping) names_.push_back(labels_.intern(name));
  if (without_) names_.push_back(labels_.metric_name());
}

bool Grouping::keeps(Symbol name) const {
  return (std::find(names_.begin(), names_.end(), name) == names_.end()) == without_;
}

LabelSet Grouping::key(const LabelSet& set) const {
  if (!without_ && names_.empty()) return {};
  return labels_.filter(set, [this](Symbol name) { return keeps(name); });
}

std::uint32_t Grouping::group(const LabelSet& set) {
  if (!without_ && names_.empty()) {
    if (keys_.empty()) keys_.emplace_back();
    return 0;
  }
  // Most series fall into a group that is known: its labels need not be kept again.
  const LabelSet wanted = labels_.filtered(set, [this](Symbol name) { return keeps(name); });
  if (const std::uint32_t* known = groups_.find(wanted)) return *known;
  const auto group = static_cast<std::uint32_t>(keys_.size());
  keys_.push_back(key(set));
  groups_.try_emplace(keys_.back(), group);
  return group;
}

}  // namespace narthex::promql
