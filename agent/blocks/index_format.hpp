// SPDX-License-Identifier: Apache-2.0
// index_format.hpp - constants of index files that reader and writer share (README.md, "Index").
#pragma once

#include <cstddef>
#include <cstdint>

namespace narthex::blocks {

inline constexpr std::uint32_t kIndexMagic = 0xBAAAD700;
inline constexpr std::size_t kIndexHead = 5;       // magic, version
inline constexpr std::size_t kIndexContents = 52;  // six offsets and their checksum, at the end
inline constexpr std::uint64_t kSeriesAlignment = 16;

}  // namespace narthex::blocks
