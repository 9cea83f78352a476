// SPDX-License-Identifier: Apache-2.0
// finding.hpp - what the conformance kit found out: a report of outcomes, one a check and
// component. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::check {

struct Finding {
  std::string rule;  // "NXR-OWN-1", see rules.hpp
  std::string text;  // what was seen, where
};

struct Outcome {
  std::string group;      // "ownership", or a kind: "exporter"
  std::string name;       // "borrowed_memory"
  std::string component;  // empty: the file as a whole
  std::vector<Finding> findings;
  std::vector<std::string> notes;  // figures, and what could not be tried
  std::string skipped;             // why it was not run; empty: it was
  double seconds = 0;

  bool passed() const { return findings.empty() && skipped.empty(); }
};

struct Report {
  std::string file;
  std::string id, version;  // of the plugin, as far as they are known
  std::uint64_t seed = 0;
  std::vector<Outcome> outcomes;

  std::size_t finding_count() const {
    std::size_t count = 0;
    for (const Outcome& each : outcomes) count += each.findings.size();
    return count;
  }
};

}  // namespace narthex::check
