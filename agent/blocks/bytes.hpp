// SPDX-License-Identifier: Apache-2.0
// bytes.hpp - fields of Prometheus's files: big-endian integers, Go's variable-length integers and
// strings with a length in front. The reader never leaves its bytes: once something was missing it
// is failed() for good and yields zeros. Views; no thread rules.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::blocks {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  std::size_t offset() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  bool empty() const { return left() == 0; }

  std::uint8_t byte() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t be64() { return big_endian(8); }
  double float64() { return std::bit_cast<double>(be64()); }

  // At most ten bytes; what does not fit in 64 bits fails.
  std::uint64_t uvarint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) return fail();
      const auto next = static_cast<unsigned char>(bytes_[at_++]);
      if (shift == 63 && next > 1) return fail();
      value |= std::uint64_t{next & 0x7Fu} << shift;
      if (next < 0x80) return value;
    }
    return fail();
  }
  std::int64_t varint() {
    const std::uint64_t folded = uvarint();
    return static_cast<std::int64_t>(folded >> 1 ^ (~(folded & 1) + 1));
  }
  std::string_view take(std::uint64_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  std::string_view text() { return take(uvarint()); }
  // Of things that take at least `size_min` bytes each: how many a claimed count can be at most.
  std::uint64_t count(std::uint64_t claimed, std::uint64_t size_min) {
    return claimed > left() / size_min ? fail() : claimed;
  }

 private:
  std::uint64_t big_endian(std::size_t size) {
    if (size > left()) return fail();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    }
    at_ += size;
    return value;
  }
  std::uint64_t fail() {
    failed_ = true;
    at_ = bytes_.size();
    return 0;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

inline void put_be(std::string& out, std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}
inline void put_be32(std::string& out, std::uint32_t value) { put_be(out, value, 4); }
inline void put_be64(std::string& out, std::uint64_t value) { put_be(out, value, 8); }
inline void put_uvarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
inline void put_varint(std::string& out, std::int64_t value) {
  put_uvarint(out,
              static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}
inline void put_text(std::string& out, std::string_view text) {
  put_uvarint(out, text.size());
  out += text;
}

}  // namespace narthex::blocks
