// SPDX-License-Identifier: Apache-2.0
// grouping.hpp - into which group of an aggregation a series falls: by (a, b), without (a, b).
#pragma once

#include "promql/ast.hpp"
#include "promql/context.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace narthex::promql {

class Grouping {
 public:
  Grouping(Context& context, const AggregateExpr& expr);

  // The labels of the group of a series.
  LabelSet key(const LabelSet& set) const;
  // Its number; groups are numbered as they are first seen.
  std::uint32_t group(const LabelSet& set);
  const std::vector<LabelSet>& keys() const { return keys_; }

 private:
  bool keeps(Symbol name) const;

  LabelStore& labels_;
  const bool without_;
  std::vector<Symbol> names_;
  std::unordered_map<LabelSet, std::uint32_t, LabelSetHash> groups_;
  std::vector<LabelSet> keys_;
};

}  // namespace narthex::promql
