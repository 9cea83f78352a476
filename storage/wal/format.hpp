// SPDX-License-Identifier: Apache-2.0
// format.hpp - the bytes of a segment: header, blocks, frames. storage/docs/wal.md draws them.
// Pure functions; little endian throughout.
#pragma once

#include "storage/fs/file_system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::storage::wal {

using fs::ByteView;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kBlockBytes = 32 * 1024;
constexpr std::uint64_t kSegmentHeaderBytes = 64;
constexpr std::uint64_t kFrameHeaderBytes = 8;
constexpr std::uint64_t kRecordBytesMax = 64 << 20;
constexpr std::uint8_t kRecordTypeMax = 63;

// A place in the log: `offset` bytes into the file of `segment`.
struct Position {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

struct SegmentHeader {
  std::uint64_t segment = 0;
  std::uint32_t salt = 0;
  // The log goes on here instead of at `replaces`: what stands between is to be ignored.
  Position replaces;
  // Begins with records that stood behind `replaces`, so that rows may rest on older segments.
  bool carries = false;
};

Bytes encode_header(const SegmentHeader& header);
// Nothing when the bytes are no header.
std::optional<SegmentHeader> decode_header(ByteView bytes);

// "0000000000000007-89abcdef.log": number and salt, so that frames outlive a damaged header.
std::string segment_name(std::uint64_t segment, std::uint32_t salt);
std::optional<SegmentHeader> parse_segment_name(std::string_view name);

enum class Fragment : std::uint8_t { kFull = 0, kFirst = 1, kMiddle = 2, kLast = 3 };

struct Frame {
  std::uint8_t type = 0;
  Fragment fragment = Fragment::kFull;
  ByteView payload;
};
enum class FrameState { kGood, kBadPayload, kBadHeader };

// Reads the frame at the start of `bytes`, which end with its block and stand at `offset` of the
// file. With kBadPayload the payload's length can be trusted, nothing else.
FrameState read_frame(ByteView bytes, std::uint64_t offset, std::uint32_t salt, Frame& out);

// Appends the frames of one record to `out`, whose first byte will stand at `offset` of the file.
// REQUIRES: 1 <= type <= kRecordTypeMax.
void append_frames(Bytes& out, std::uint64_t offset, std::uint32_t salt, std::uint8_t type,
                   ByteView payload);

}  // namespace narthex::storage::wal
