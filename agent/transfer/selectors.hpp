// SPDX-License-Identifier: Apache-2.0
// selectors.hpp - PromQL selectors of a command line, parsed and compiled.
#pragma once

#include "transfer/loader.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <vector>

namespace narthex::transfer {

// The message names the selector that is wrong.
Result<std::vector<Selector>> parse_selectors(const std::vector<std::string>& texts);

}  // namespace narthex::transfer
