// SPDX-License-Identifier: Apache-2.0
// damage.hpp - what a reader could not read and went on without. Values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace narthex::blocks {

struct Damage {
  std::string file;
  std::uint64_t offset = 0;  // in the file, in bytes
  std::string what;          // "checksum of the chunk is wrong: left out"
};

// "FILE at byte N: WHAT".
inline std::string to_text(const Damage& damage) {
  return damage.file + " at byte " + std::to_string(damage.offset) + ": " + damage.what;
}

using DamageSink = std::function<void(const Damage&)>;

}  // namespace narthex::blocks
