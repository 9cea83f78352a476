// SPDX-License-Identifier: Apache-2.0
// query_features.hpp - what --enable-feature switches on in queries.
#pragma once

#include "config/config.hpp"
#include "promql/parser.hpp"

#include <algorithm>
#include <string_view>

namespace narthex::api {

inline bool feature_enabled(const config::Config& config, std::string_view name) {
  return std::find(config.features.begin(), config.features.end(), name) != config.features.end();
}

inline promql::ParseOptions parse_options(const config::Config& config) {
  promql::ParseOptions options;
  options.experimental_functions = feature_enabled(config, "promql-experimental-functions");
  options.duration_expressions = feature_enabled(config, "promql-duration-expr");
  options.extended_range_selectors = feature_enabled(config, "promql-extended-range-selectors");
  options.fill_modifiers = feature_enabled(config, "promql-binop-fill-modifiers");
  return options;
}

}  // namespace narthex::api
