// SPDX-License-Identifier: Apache-2.0
// match_groups.hpp - the two sides of an operation between vectors, and which series of them may
// meet: those of equal matching labels, grouped once for all steps. One thread.
#pragma once

#include "promql/group_members.hpp"
#include "promql/held_rows.hpp"
#include "promql/matching.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace narthex::promql {

// In place of a series: none has a value.
inline constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

// What an operation asks of its sides, which are named by how many of their series may match one of
// the other: one-to-many is many-to-one with its sides swapped.
struct MatchSides {
  explicit MatchSides(const VectorMatching& of)
      : matching(of),
        swapped(of.cardinality == Cardinality::kOneToMany),
        one_to_one(of.cardinality == Cardinality::kOneToOne),
        fill_many(swapped ? of.fill_right : of.fill_left),
        fill_one(swapped ? of.fill_left : of.fill_right) {}

  const VectorMatching& matching;
  const bool swapped;  // the many side is the right one
  const bool one_to_one;
  const std::optional<double> fill_many;  // stands in for a series that is not there
  const std::optional<double> fill_one;
};

// Series of both sides, by their numbers.
struct MatchGroup {
  std::span<const std::uint32_t> many;
  std::span<const std::uint32_t> one;
};

class MatchGroups {
 public:
  MatchGroups(Context& context, const MatchSides& sides)
      : context_(context),
        sides_(sides),
        matcher_(context, sides.matching),
        many_(context),
        one_(context) {}

  // All of both sides. False when the query failed.
  bool read(Stream& many, Stream& one);

  const HeldRows& many() const { return many_; }
  const HeldRows& one() const { return one_; }
  std::uint32_t steps() const { return steps_; }
  // Nothing can come of it: a side is empty, and nothing stands in for it.
  bool nothing_to_match() const;
  std::uint32_t group_count() const { return static_cast<std::uint32_t>(matcher_.group_count()); }
  MatchGroup group(std::uint32_t number) const { return {of_many_.of(number), of_one_.of(number)}; }
  // Floats alone, one partner for all steps, and nothing that could be matched twice.
  bool is_simple(const MatchGroup& group) const;
  // Which series of the group's one side has a value, for each step. False when two have.
  bool find_partners(const MatchGroup& group, Column<std::uint32_t>& partner);
  // The labels by which a series matches.
  LabelSet key(const LabelSet& set) const { return matcher_.key(set); }

 private:
  bool find_steps_of_many();
  bool duplicate(std::uint32_t earlier, std::uint32_t later);

  Context& context_;
  const MatchSides& sides_;
  Matcher matcher_;
  HeldRows many_;
  HeldRows one_;
  std::uint32_t steps_ = 1;
  GroupMembers of_many_;
  GroupMembers of_one_;
  // [steps]: the many side has a value somewhere. Empty: nobody has asked yet.
  Column<std::uint8_t> any_many_;
};

}  // namespace narthex::promql
