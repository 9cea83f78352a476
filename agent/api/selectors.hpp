// SPDX-License-Identifier: Apache-2.0
// selectors.hpp - match[] parameters: PromQL selectors, parsed and compiled.
#pragma once

#include "store/matcher.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <vector>

namespace narthex::api {

using Selector = std::vector<store::Matcher>;

// Parses each; the message is the parser's. Selectors that match everything are refused unless
// allow_empty.
Result<std::vector<Selector>> parse_selectors(const std::vector<std::string>& texts,
                                              bool allow_empty = true);

}  // namespace narthex::api
