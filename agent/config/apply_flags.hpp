// SPDX-License-Identifier: Apache-2.0
// apply_flags.hpp - the command line over the file: flags win.
#pragma once

#include "config/config.hpp"
#include "config/diagnostics.hpp"

#include <functional>
#include <map>
#include <string>

namespace narthex::config {

using FlagValues = std::map<std::string, std::string, std::less<>>;

// Sets what the flags say, warns about those without meaning, and fills config.flags and
// config.restart_only.
void apply_flags(const FlagValues& values, Config& config, Diagnostics& diagnostics);

}  // namespace narthex::config
