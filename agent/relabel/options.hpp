// SPDX-License-Identifier: Apache-2.0
// options.hpp - one relabeling rule as configured. Defaults are Prometheus's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::relabel {

struct RuleOptions {
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string regex = "(.*)";
  std::uint64_t modulus = 0;
  std::string target_label;
  std::string replacement = "$1";
  // replace keep drop keepequal dropequal hashmod labelmap labeldrop labelkeep lowercase uppercase
  std::string action = "replace";
  bool has_regex = false;  // given in the configuration: the checks need to know
  bool has_replacement = false;
  friend bool operator==(const RuleOptions&, const RuleOptions&) = default;
};

}  // namespace narthex::relabel
