// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/format.hpp"

#include "storage/checksum/crc32c.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace narthex::storage::wal {
namespace {

constexpr std::string_view kMagic{"NXWAL\0\0\1", 8};
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kCrcAt = kSegmentHeaderBytes - 4;

template <class T>
void store(std::uint8_t* at, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) at[i] = static_cast<std::uint8_t>(value >> 8 * i);
}

template <class T>
T load(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value |= static_cast<T>(T{at[i]} << 8 * i);
  return value;
}

// Checksum of where a frame stands and of its length and kind. Place and salt are part of it, so
// that a misplaced sector or label text that looks like a frame is none.
std::uint32_t header_crc(std::uint64_t offset, std::uint32_t salt, std::uint16_t length,
                         std::uint8_t kind) {
  std::array<std::uint8_t, 15> bytes;
  store(bytes.data(), offset);
  store(bytes.data() + 8, salt);
  store(bytes.data() + 12, length);
  bytes[14] = kind;
  return crc32c(bytes);
}

void append_frame(Bytes& out, std::uint64_t offset, std::uint32_t salt, std::uint8_t kind,
                  ByteView payload) {
  const auto length = static_cast<std::uint16_t>(payload.size());
  const std::uint32_t check = header_crc(offset, salt, length, kind);
  const std::size_t at = out.size();
  out.resize(at + kFrameHeaderBytes);
  store(out.data() + at, crc32c(payload, check));
  store(out.data() + at + 4, length);
  out[at + 6] = kind;
  out[at + 7] = static_cast<std::uint8_t>(check);
  out.insert(out.end(), payload.begin(), payload.end());
}

}  // namespace

Bytes encode_header(const SegmentHeader& header) {
  Bytes out(kSegmentHeaderBytes);
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store(out.data() + 8, header.segment);
  store(out.data() + 16, header.replaces.segment);
  store(out.data() + 24, header.replaces.offset);
  store(out.data() + 32, header.salt);
  store(out.data() + 36, std::uint32_t{header.carries});
  store(out.data() + kCrcAt, crc32c(ByteView(out).first(kCrcAt)));
  return out;
}

std::optional<SegmentHeader> decode_header(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return std::nullopt;
  if (load<std::uint32_t>(bytes.data() + kCrcAt) != crc32c(bytes.first(kCrcAt))) {
    return std::nullopt;
  }
  SegmentHeader header;
  header.segment = load<std::uint64_t>(bytes.data() + 8);
  header.replaces.segment = load<std::uint64_t>(bytes.data() + 16);
  header.replaces.offset = load<std::uint64_t>(bytes.data() + 24);
  header.salt = load<std::uint32_t>(bytes.data() + 32);
  header.carries = load<std::uint32_t>(bytes.data() + 36) != 0;
  return header;
}

std::string segment_name(std::uint64_t segment, std::uint32_t salt) {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx-%08x", static_cast<unsigned long long>(segment), salt);
  return std::string(text) + std::string(kSuffix);
}

std::optional<SegmentHeader> parse_segment_name(std::string_view name) {
  if (name.size() != 29 || name[16] != '-' || !name.ends_with(kSuffix)) return std::nullopt;
  SegmentHeader header;
  const char* text = name.data();
  const auto number = std::from_chars(text, text + 16, header.segment, 16);
  const auto salt = std::from_chars(text + 17, text + 25, header.salt, 16);
  if (number.ptr != text + 16 || salt.ptr != text + 25) return std::nullopt;
  if (number.ec != std::errc() || salt.ec != std::errc()) return std::nullopt;
  return header;
}

FrameState read_frame(ByteView bytes, std::uint64_t offset, std::uint32_t salt, Frame& out) {
  if (bytes.size() < kFrameHeaderBytes) return FrameState::kBadHeader;
  const auto length = load<std::uint16_t>(bytes.data() + 4);
  const std::uint8_t kind = bytes[6];
  if (kind >> 2 == 0 || length > bytes.size() - kFrameHeaderBytes) return FrameState::kBadHeader;
  const std::uint32_t check = header_crc(offset, salt, length, kind);
  if (static_cast<std::uint8_t>(check) != bytes[7]) return FrameState::kBadHeader;
  out.payload = bytes.subspan(kFrameHeaderBytes, length);
  out.type = kind >> 2;
  out.fragment = static_cast<Fragment>(kind & 3);
  const bool good = load<std::uint32_t>(bytes.data()) == crc32c(out.payload, check);
  return good ? FrameState::kGood : FrameState::kBadPayload;
}

void append_frames(Bytes& out, std::uint64_t offset, std::uint32_t salt, std::uint8_t type,
                   ByteView payload) {
  bool first = true;
  do {
    std::uint64_t at = offset + out.size();
    std::uint64_t left = kBlockBytes - at % kBlockBytes;
    if (left <= kFrameHeaderBytes) {
      out.resize(out.size() + left);
      at += left;
      left = kBlockBytes;
    }
    const std::size_t take = std::min<std::uint64_t>(payload.size(), left - kFrameHeaderBytes);
    const bool last = take == payload.size();
    const Fragment fragment = first ? (last ? Fragment::kFull : Fragment::kFirst)
                                    : (last ? Fragment::kLast : Fragment::kMiddle);
    const auto kind = static_cast<std::uint8_t>(type << 2 | static_cast<std::uint8_t>(fragment));
    append_frame(out, at, salt, kind, payload.first(take));
    payload = payload.subspan(take);
    first = false;
  } while (!payload.empty());
}

}  // namespace narthex::storage::wal
