// SPDX-License-Identifier: Apache-2.0
// text_table.hpp - rows as aligned columns. Pure.
#pragma once

#include <string>
#include <vector>

namespace narthex::cli {

// Two blanks between columns, none at the end of a line. Widths count code points.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace narthex::cli
