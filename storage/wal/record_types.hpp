// SPDX-License-Identifier: Apache-2.0
// record_types.hpp - what the records of the log are about. storage/docs/wal.md has their bytes.
#pragma once

#include "storage/wal/format.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::storage::wal {

enum class RecordType : std::uint8_t {
  kSeries = 1,
  kLayout = 2,
  kRow = 3,
  kSamples = 4,
  kHistograms = 5,
  kStarts = 6,
  kExemplars = 7,
  kMetadata = 8,
  kDelete = 9
};

// Slots of a layout, and refs of a deletion, at most.
inline constexpr std::size_t kRefsMax = std::size_t{1} << 22;
// Rows of a layout, or samples of a series, after which values are logged as they are.
inline constexpr unsigned kKeyInterval = 64;

struct LabelView {
  std::string_view name;
  std::string_view value;
};

// Samples of one ref, in the order of writing: as many times as values, at least one.
struct LoggedRun {
  std::uint32_t ref = 0;
  std::span<const std::int64_t> t;
  std::span<const std::uint64_t> bits;
};

}  // namespace narthex::storage::wal
