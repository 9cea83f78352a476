// SPDX-License-Identifier: Apache-2.0
// value_code.hpp - one value in the log, against the value before it: a nibble, then up to 9 bytes.
//
// Most values of a counter or a gauge are short decimals m / 10^e, and m moves little. What is no
// decimal is stored as its bits. Both sides keep bits and exponent of the last value. Pure.
#pragma once

#include "storage/column/bytes.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace narthex::storage::wal {

using column::ByteReader;
using column::unzigzag;
using column::zigzag;

inline constexpr std::uint8_t kNoExponent = 0xFF;
inline constexpr unsigned kExponentMax = 12;
inline constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;

// The last value that was written; kNoExponent: it is no decimal.
struct LastValue {
  std::uint64_t bits = 0;
  std::uint8_t exponent = kNoExponent;
};

enum ValueCode : std::uint8_t {
  kSame = 0,
  // 1 to 8: the zigzagged difference of the decimals, in so many bytes
  kOneMore = 9,
  kStale = 10,
  kDecimal = 11,  // a byte exponent, a varint zigzagged decimal
  kBits = 12      // 8 bytes
};

namespace detail {

inline constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                     1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

// Whether the value is m / 10^exponent, bit for bit.
inline bool to_decimal(std::uint64_t bits, unsigned exponent, std::int64_t& m) {
  const double scaled = std::bit_cast<double>(bits) * kPowers[exponent];
  if (!(std::fabs(scaled) < 4503599627370496.0)) return false;  // 2^52; NaN too
  m = static_cast<std::int64_t>(std::llrint(scaled));
  return std::bit_cast<std::uint64_t>(static_cast<double>(m) / kPowers[exponent]) == bits;
}

inline std::uint64_t from_decimal(std::int64_t m, unsigned exponent) {
  return std::bit_cast<std::uint64_t>(static_cast<double>(m) / kPowers[exponent]);
}

inline void put_le(column::Bytes& out, std::uint64_t value, unsigned bytes) {
  const std::size_t at = out.size();
  out.resize(at + bytes);
  std::memcpy(out.data() + at, &value, bytes);
}

inline std::uint8_t put_absolute(std::uint64_t bits, LastValue& last, column::Bytes& out) {
  last.bits = bits;
  std::int64_t m = 0;
  for (unsigned e = 0; e <= kExponentMax; ++e) {
    if (!to_decimal(bits, e, m)) continue;
    last.exponent = static_cast<std::uint8_t>(e);
    out.push_back(last.exponent);
    column::put_varint(out, zigzag(static_cast<std::uint64_t>(m)));
    return kDecimal;
  }
  last.exponent = kNoExponent;
  put_le(out, bits, 8);
  return kBits;
}

}  // namespace detail

// Appends the bytes of a value that does not rest on another; returns its code.
inline std::uint8_t put_key(std::uint64_t bits, LastValue& last, column::Bytes& out) {
  if (bits == kStaleBits) {
    last = {bits, kNoExponent};
    return kStale;
  }
  return detail::put_absolute(bits, last, out);
}

// Appends the bytes of a value after `last`, and moves `last`; returns its code.
inline std::uint8_t put_value(std::uint64_t bits, LastValue& last, column::Bytes& out) {
  if (bits == last.bits) return kSame;
  if (bits == kStaleBits) return put_key(bits, last, out);
  std::int64_t m = 0;
  std::int64_t before = 0;
  if (last.exponent == kNoExponent || !detail::to_decimal(bits, last.exponent, m) ||
      !detail::to_decimal(last.bits, last.exponent, before)) {
    return detail::put_absolute(bits, last, out);
  }
  last.bits = bits;
  const std::int64_t delta = m - before;
  if (delta == 1) return kOneMore;
  const std::uint64_t z = zigzag(static_cast<std::uint64_t>(delta));
  const unsigned bytes = (static_cast<unsigned>(std::bit_width(z)) + 7) / 8;
  detail::put_le(out, z, bytes);
  return static_cast<std::uint8_t>(bytes);
}

// Reads what put_key or put_value wrote and moves `last`. False: the bytes are no such value.
inline bool take_value(std::uint8_t code, ByteReader& in, LastValue& last) {
  if (code == kSame) return true;
  if (code == kStale) {
    last = {kStaleBits, kNoExponent};
    return true;
  }
  if (code == kBits) {
    last = {in.word<std::uint64_t>(), kNoExponent};
    return in.ok();
  }
  if (code == kDecimal) {
    last.exponent = in.byte();
    const std::uint64_t m = unzigzag(in.varint());
    if (last.exponent > kExponentMax || !in.ok()) return false;
    last.bits = detail::from_decimal(static_cast<std::int64_t>(m), last.exponent);
    return true;
  }
  if (code > kBits) return false;
  std::uint64_t delta = 1;
  if (code != kOneMore) {
    const column::ByteView bytes = in.bytes(code);
    if (!in.ok()) return false;
    std::uint64_t z = 0;
    std::memcpy(&z, bytes.data(), bytes.size());
    delta = unzigzag(z);
  }
  std::int64_t before = 0;
  if (last.exponent == kNoExponent || !detail::to_decimal(last.bits, last.exponent, before)) {
    return false;
  }
  const std::uint64_t m = static_cast<std::uint64_t>(before) + delta;
  last.bits = detail::from_decimal(static_cast<std::int64_t>(m), last.exponent);
  return true;
}

}  // namespace narthex::storage::wal
