// SPDX-License-Identifier: Apache-2.0
// relabel.hpp - Prometheus's relabeling: rules that rewrite a label set or drop it. Pure. A Program
// is immutable and thread-safe. Rules that change nothing allocate nothing.
#pragma once

#include "regex/regex.hpp"
#include "relabel/options.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <memory>
#include <span>
#include <vector>

namespace narthex::relabel {

// Checks one rule; the message is Prometheus's.
Status check(const RuleOptions& rule);

class Program {
 public:
  Program() = default;  // keeps everything as it is
  // Fails on the first rule that check() refuses: "relabel rule 2: unknown relabel action "x"".
  static Result<Program> compile(std::span<const RuleOptions> rules);

  bool empty() const { return rules_.empty(); }
  // Applies all rules in order. False: dropped (labels are then unspecified).
  bool apply(Labels& labels) const;
  // The first `count` rules only: what the relabel steps page shows.
  bool apply_first(std::size_t count, Labels& labels) const;
  std::size_t size() const { return rules_.size(); }

 private:
  struct Rule;
  std::vector<std::shared_ptr<const Rule>> rules_;
};

}  // namespace narthex::relabel
