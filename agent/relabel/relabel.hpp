// SPDX-License-Identifier: Apache-2.0
// relabel.hpp - Prometheus's relabeling: rules that rewrite a label set or drop it. Pure. A Program
// is immutable and thread-safe. FEATURES 2.5 lists the actions.
#pragma once

#include "regex/regex.hpp"
#include "relabel/options.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <span>
#include <vector>

namespace narthex::relabel {

class Program {
 public:
  Program() = default;  // keeps everything as it is
  // Checks the rules as Prometheus does; the message names the rule's index and key.
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
