// SPDX-License-Identifier: Apache-2.0
#include "promql/grouping.hpp"

#include <algorithm>

namespace narthex::promql {

Grouping::Grouping(Context& context, const AggregateExpr& expr)
    : labels_(context.labels), without_(expr.without) {
  for (const std::string& name : expr.grouping) names_.push_back(labels_.intern(name));
  if (without_) names_.push_back(labels_.metric_name());
}

LabelSet Grouping::key(const LabelSet& set) const {
  if (!without_ && names_.empty()) return {};
  return labels_.filter(set, [this](Symbol name) {
    return (std::find(names_.begin(), names_.end(), name) == names_.end()) == without_;
  });
}

std::uint32_t Grouping::group(const LabelSet& set) {
  const LabelSet wanted = key(set);
  const auto [known, is_new] =
      groups_.try_emplace(wanted, static_cast<std::uint32_t>(keys_.size()));
  if (is_new) keys_.push_back(wanted);
  return known->second;
}

}  // namespace narthex::promql
