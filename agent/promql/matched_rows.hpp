// SPDX-License-Identifier: Apache-2.0
// matched_rows.hpp - the result of an operation between vectors: a row for each label set that
// matched pairs of series come to. Pairs of several groups may come to the same one; that is an
// error at a step where two of them have a value. One thread.
#pragma once

#include "promql/arithmetic.hpp"
#include "promql/counted_map.hpp"
#include "promql/match_groups.hpp"
#include "promql/result_rows.hpp"

#include <cstdint>
#include <vector>

namespace narthex::promql {

struct MatchedPair {
  std::uint32_t many;  // kNobody: filled in, as the other may be
  std::uint32_t one;
};

class MatchedRows {
 public:
  MatchedRows(Context& context, const BinaryExpr& expr, const MatchSides& sides,
              const MatchGroups& groups);

  // After the sides have been read, before the first row.
  void begin() { rows_.begin(groups_.steps(), groups_.many().series_count()); }
  struct Place {
    std::uint32_t row;
    bool is_new;  // nothing has been put there
  };
  Place place_of(const MatchedPair& pair);
  // The row as a whole, for the values of one pair at all steps. REQUIRES: it is new.
  ResultRows::Row claim(std::uint32_t row, std::uint32_t group);
  // One value. False when there is one at that step.
  bool put(std::uint32_t group, std::uint32_t row, std::uint32_t step, const Element& value);

  bool finish() { return rows_.finish(); }
  bool take(Batch& out) { return rows_.take(out); }

 private:
  LabelSet labels_of(const MatchedPair& pair);

  Context& context_;
  const BinaryExpr& expr_;
  const MatchSides& sides_;
  const MatchGroups& groups_;
  const bool drops_metadata_;
  std::vector<Symbol> matched_by_;  // the names in on() or ignoring()
  std::vector<Symbol> include_;     // of group_left(), group_right()
  CountedMap<std::uint64_t, std::uint32_t> row_of_pair_;
  LabelSetMap<std::uint32_t> row_of_labels_;
  Column<std::uint32_t> group_of_row_;
  ResultRows rows_;
};

}  // namespace narthex::promql
