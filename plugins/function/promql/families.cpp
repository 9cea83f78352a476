// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/families.hpp"

#include <vector>

namespace narthex::function_promql {

std::span<const nx_function* const> all_functions() {
  static const std::vector<const nx_function*> all = [] {
    std::vector<const nx_function*> rows;
    for (const auto& family :
         {counter_functions(), step_functions(), total_over_time_functions(),
          any_over_time_functions(), over_time_functions(), histogram_part_functions(),
          histogram_estimate_functions(), regression_functions(), math_functions(),
          time_functions(), vector_functions(), label_functions()}) {
      for (const nx_function& row : family) rows.push_back(&row);
    }
    return rows;
  }();
  return all;
}

}  // namespace narthex::function_promql
