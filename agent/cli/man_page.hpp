// SPDX-License-Identifier: Apache-2.0
// man_page.hpp - man pages, generated from the command tree so that they can't fall behind it.
// Pure.
#pragma once

#include "cli/command_tree.hpp"

#include <string>
#include <utility>
#include <vector>

namespace narthex::cli {

// File names ("narthex-plugin.1") and their roff texts: one of the program, one a verb.
std::vector<std::pair<std::string, std::string>> man_pages(const CommandInfo& root);

}  // namespace narthex::cli
