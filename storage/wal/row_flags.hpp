// SPDX-License-Identifier: Apache-2.0
// row_flags.hpp - bits that writer and reader of rows and samples share. Format:
// storage/docs/wal.md.
#pragma once

#include <cstdint>

namespace narthex::storage::wal {

// Of a row.
inline constexpr std::uint8_t kRowKey = 1;      // rests on nothing before it
inline constexpr std::uint8_t kRowPartial = 2;  // not all slots are there

// Of the byte in front of a sample: bits 0-3 are the value's code.
inline constexpr unsigned kRefShift = 4;
inline constexpr unsigned kTimeShift = 6;
enum RefMode : unsigned { kRefSame, kRefNext, kRefFar };
enum TimeMode : unsigned { kTimeSame, kTimeStep, kTimeFar };

}  // namespace narthex::storage::wal
