// SPDX-License-Identifier: Apache-2.0
// plugin_help.hpp - what `narthex plugin VERB --help` says below the options.
#pragma once

#include <string>
#include <string_view>

namespace narthex::cli {

std::string plugin_help(std::string_view verb);

}  // namespace narthex::cli
