// SPDX-License-Identifier: Apache-2.0
// options.hpp - what the memory backend can be told. Plain data.
#pragma once

#include <cstdint>

namespace narthex::storage::memory {

struct Options {
  std::int64_t max_bytes = 0;  // 0: a quarter of the RAM
  std::int64_t max_exemplars = 100'000;
};

// A quarter of what the machine, or the control group, has.
std::int64_t default_max_bytes();

}  // namespace narthex::storage::memory
