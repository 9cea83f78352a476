// SPDX-License-Identifier: Apache-2.0
// page_format.hpp - what builder and view of pages share. Format: storage/docs/columns.md.
#pragma once

#include "storage/column/value_column.hpp"

namespace narthex::storage::column {

inline constexpr std::uint8_t kPageVersion = 1;
inline constexpr std::size_t kPageHeadSize = 10;  // crc32c, version, flags, size of the body
enum PageFlags : std::uint8_t { kPageZstd = 0x01 };

// A body from outside may not make a reader allocate more than this.
inline constexpr std::size_t kPageBodyMax = std::size_t{64} << 20;
// References may lead to references, so many steps far: reading one column costs that many more.
inline constexpr unsigned kReferenceDepthMax = 3;

// Bits of an entry's first varint. The low three are NX_COL_*.
inline constexpr std::uint32_t kEntryColumnFlags = 0x07;
inline constexpr std::uint32_t kEntryShared = 0x08;     // the data of an earlier entry
inline constexpr std::uint32_t kEntryReference = 0x10;  // encoded against an earlier entry
inline constexpr std::uint32_t kEntryRows = 0x20;       // not all rows of the time column
inline constexpr std::uint32_t kEntryHistogram = 0x40;
inline constexpr std::uint32_t kEntryTimes = 0x80;  // another time column than the entry before
inline constexpr std::uint32_t kEntryStarts = 0x100;
inline constexpr std::uint32_t kEntryKnown = 0x1FF;

// One column of a slot. Offsets count from the beginning of the page's data.
struct PageEntry {
  std::uint32_t slot = 0;
  std::uint32_t time_column = 0;
  std::uint32_t row0 = 0;  // of the time column; the column has rows [row0, row1)
  std::uint32_t row1 = 0;
  std::uint8_t flags = 0;  // NX_COL_*
  bool histogram = false;
  bool has_starts = false;
  std::uint8_t depth = 0;                // references until a column that needs none
  std::size_t reference = kNoReference;  // index of an entry
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t starts_offset = 0;
  std::uint32_t starts_size = 0;

  std::size_t rows() const { return row1 - row0; }
};

// Reads rows [from, to), counted from row0, of the values of entries[index].
// REQUIRES: offsets are within data; references lead to earlier entries of the same rows.
Status decode_entry(std::span<const PageEntry> entries, ByteView data, std::size_t index,
                    std::size_t from, std::size_t to, double* out);

}  // namespace narthex::storage::column
