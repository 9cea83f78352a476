// SPDX-License-Identifier: Apache-2.0
#include "promql/matching.hpp"

#include <algorithm>

namespace narthex::promql {

Matcher::Matcher(Context& context, const VectorMatching& matching)
    : labels_(context.labels), on_(matching.on) {
  for (const std::string& name : matching.labels) names_.push_back(labels_.intern(name));
  if (!on_) names_.push_back(labels_.metric_name());
}

bool Matcher::counts(Symbol name) const {
  return (std::find(names_.begin(), names_.end(), name) != names_.end()) == on_;
}

LabelSet Matcher::key(const LabelSet& set) const {
  return labels_.filter(set, [this](Symbol name) { return counts(name); });
}

std::uint32_t Matcher::group(const LabelSet& set) {
  const LabelSet wanted = labels_.filtered(set, [this](Symbol name) { return counts(name); });
  if (const std::uint32_t* known = groups_.find(wanted)) return *known;
  const auto group = static_cast<std::uint32_t>(groups_.size());
  groups_.try_emplace(key(set), group);
  return group;
}

}  // namespace narthex::promql
