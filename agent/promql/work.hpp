// SPDX-License-Identifier: Apache-2.0
// work.hpp - what things cost beside looking at an element of a column, in such elements: what
// loops tell Context::stop_after(). Rough, and rather too much than too little.
#pragma once

#include <cstddef>

namespace narthex::promql {

inline constexpr std::size_t kWorkOfKey = 64;         // to find a label set, or what it hashes to
inline constexpr std::size_t kWorkOfLabels = 64;      // to make a label set
inline constexpr std::size_t kWorkOfCompare = 64;     // to compare two
inline constexpr std::size_t kWorkOfText = 64;        // to print a value
inline constexpr std::size_t kWorkOfWindow = 32;      // to search for a window
inline constexpr std::size_t kWorkOfHistogram = 128;  // to copy one, or to add one to another

}  // namespace narthex::promql
