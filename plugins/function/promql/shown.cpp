// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/shown.hpp"

#include <narthex/sdk/number.hpp>

#include <cstdio>

namespace narthex::function_promql {

std::string shown(double value) {
  std::string out;
  sdk::append_exposition(out, value);
  return out;
}

std::string open_metrics_number(double value) {
  std::string out = shown(value);
  if (out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  return out;
}

}  // namespace narthex::function_promql
