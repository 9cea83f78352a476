// SPDX-License-Identifier: Apache-2.0
// matching.hpp - which series of two vectors belong together: the labels that on() names, or all
// but those that ignoring() names and the metric name. One number a group.
#pragma once

#include "promql/ast.hpp"
#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/counted_map.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::promql {

class Matcher {
 public:
  Matcher(Context& context, const VectorMatching& matching);

  // The labels that count for matching.
  LabelSet key(const LabelSet& set) const;
  // The number of the group of a series; groups are numbered as they are first seen.
  std::uint32_t group(const LabelSet& set);
  std::size_t group_count() const { return groups_.size(); }

 private:
  bool counts(Symbol name) const;

  LabelStore& labels_;
  const bool on_;
  std::vector<Symbol> names_;
  LabelSetMap<std::uint32_t> groups_;
};

}  // namespace narthex::promql
