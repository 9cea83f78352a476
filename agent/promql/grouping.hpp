// SPDX-License-Identifier: Apache-2.0
// grouping.hpp - into which group of an aggregation a series falls: by (a, b), without (a, b).
#pragma once

#include "promql/ast.hpp"
#include "promql/context.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::promql {

class Grouping {
 public:
  Grouping(Context& context, const AggregateExpr& expr);

  // The labels of the group of a series.
  LabelSet key(const LabelSet& set) const;
  // Its number; groups are numbered as they are first seen.
  std::uint32_t group(const LabelSet& set);
  const Column<LabelSet>& keys() const { return keys_; }

 private:
  bool keeps(Symbol name) const;

  LabelStore& labels_;
  const bool without_;
  std::vector<Symbol> names_;
  LabelSetMap<std::uint32_t> groups_;
  Column<LabelSet> keys_;
};

}  // namespace narthex::promql
