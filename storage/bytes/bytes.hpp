// SPDX-License-Identifier: Apache-2.0
// bytes.hpp - what all formats of storage are spelled with: bytes, little-endian words, texts and
// integers of variable length (7 bits a byte, lowest first; signed ones zigzagged). Writers append
// to Bytes; the reader never passes the end of its span, whatever the bytes say. Pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::storage {

static_assert(std::endian::native == std::endian::little, "words are copied as they are");

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

constexpr std::uint64_t zigzag(std::uint64_t value) { return (value << 1) ^ (0 - (value >> 63)); }
constexpr std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

// The difference of two words modulo 2^64: every pair has one.
inline void put_difference(Bytes& out, std::uint64_t value, std::uint64_t expected) {
  put_varint(out, zigzag(value - expected));
}

template <class Word>
void put_word(Bytes& out, Word value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(out.data() + at, &value, sizeof value);
}

inline void put_bytes(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// A double whose low bits are 0, as those of small integers are, is short.
inline void put_double(Bytes& out, double value) {
  put_varint(out, __builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
}

inline void put_text(Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

// Reads forward. Past the end, or after a varint that is too long, everything reads as 0 and ok()
// is false for good; callers ask once, before they believe what they read.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }
  // The whole was read, and nothing beyond.
  bool done() const { return ok_ && left() == 0; }
  std::size_t left() const { return bytes_.size() - at_; }

  // The next bytes, which stay unread. REQUIRES: size <= left().
  ByteView ahead(std::uint64_t size) const {
    return bytes_.subspan(at_, static_cast<std::size_t>(size));
  }
  // What was read from `position` on.
  ByteView since(std::size_t position) const { return bytes_.subspan(position, at_ - position); }

  std::uint8_t byte() {
    if (left() == 0) return fail();
    return bytes_[at_++];
  }

  std::uint64_t varint() {
    if (left() != 0 && bytes_[at_] < 0x80) return bytes_[at_++];
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left() == 0) return fail();
      const std::uint8_t next = bytes_[at_++];
      value |= std::uint64_t{next & 0x7Fu} << shift;
      if (next < 0x80) return shift == 63 && next > 1 ? fail() : value;
    }
    return fail();
  }

  std::uint64_t difference(std::uint64_t expected) { return expected + unzigzag(varint()); }

  // A varint of at most `most`; a larger one is as bad as none.
  std::uint64_t varint_to(std::uint64_t most) {
    const std::uint64_t value = varint();
    return value <= most ? value : fail();
  }

  double real() { return std::bit_cast<double>(__builtin_bswap64(varint())); }

  template <class Word>
  Word word() {
    Word value = 0;
    if (left() < sizeof value) return fail();
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  // The next `size` bytes; an empty view when there are not so many.
  ByteView bytes(std::uint64_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const ByteView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }

  std::string_view text() {
    const ByteView taken = bytes(varint());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  std::uint8_t fail() {
    ok_ = false;
    at_ = bytes_.size();
    return 0;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace narthex::storage
