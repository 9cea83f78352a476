// SPDX-License-Identifier: Apache-2.0
// tsdb_help.hpp - what `narthex tsdb VERB --help` says below the options.
#pragma once

#include <string>

namespace narthex::cli {

std::string tsdb_help(const std::string& verb);

}  // namespace narthex::cli
