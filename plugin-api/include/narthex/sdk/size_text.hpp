// SPDX-License-Identifier: Apache-2.0
// size_text.hpp - a size for people, in messages; what a configuration takes back is another form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace narthex::sdk {

// Three digits and a unit of powers of 1024: 71.4 GiB, 512 MiB, 900 KiB, 12 B.
inline std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be rounded up to 1024 is 1 of the next.
  while (size >= 1023.5 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), size < 100 ? "%.3g %s" : "%.0f %s", size, kUnits[unit]);
  return text.data();
}

}  // namespace narthex::sdk
