// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/extra/families.hpp"

#include <vector>

namespace narthex::function_extra {

std::span<const nx_function* const> all_functions() {
  static const std::vector<const nx_function*> all = [] {
    std::vector<const nx_function*> rows;
    for (const auto& family : {distribution_functions(), threshold_functions(), motion_functions(),
                               gap_functions(), whole_range_functions(), label_functions()}) {
      for (const nx_function& row : family) rows.push_back(&row);
    }
    return rows;
  }();
  return all;
}

}  // namespace narthex::function_extra
