// SPDX-License-Identifier: Apache-2.0
// shortest_decimal.hpp - the shortest decimal that reads back as a double, and of those the nearest
// one: what Go's 'f' and 'g' with precision -1 print. Pure; its table is made at the first call.
#pragma once

#include <cstdint>

namespace narthex::api {

struct ShortestDecimal {
  std::uint64_t digits = 0;  // at most 17; may end with zeros
  int exponent = 0;          // value = digits * 10^exponent
};

// REQUIRES: finite and above zero.
ShortestDecimal shortest_decimal(double value);

}  // namespace narthex::api
