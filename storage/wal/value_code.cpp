// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/value_code.hpp"

#include <narthex/data.h>

#include <algorithm>

namespace narthex::storage::wal {
namespace {

constexpr std::uint64_t kNegativeZero = std::uint64_t{1} << 63;

using code::fits;

// Neither finite nor an integer by any exponent.
bool is_special(std::uint64_t bits) {
  return bits == kNegativeZero || !std::isfinite(std::bit_cast<double>(bits));
}

// The least exponent that fits; kBitsExponent when none does.
unsigned find_exponent(std::uint64_t bits) {
  const double size = std::fabs(std::bit_cast<double>(bits));
  unsigned largest = code::kExponentMax;
  while (largest > 0 && !(size * code::kPower[largest] < code::kIntegerMax)) --largest;
  // What fits some exponent fits the largest one as well.
  if (!fits(bits, largest)) return code::kBitsExponent;
  unsigned exponent = 0;
  while (!fits(bits, exponent)) ++exponent;
  return exponent;
}

}  // namespace

void ValueWriter::clear() {
  place_ = {codes_.data(), bits_.data(), 0, 0};
  codes_end_ = place_.codes + codes_.size();
  bits_end_ = place_.bits + bits_.size();
}

void ValueWriter::grow(std::size_t values) {
  const std::ptrdiff_t codes = place_.codes == nullptr ? 0 : place_.codes - codes_.data();
  const std::ptrdiff_t bits = place_.bits == nullptr ? 0 : place_.bits - bits_.data();
  codes_.resize(2 * codes_.size() + values * kCodesMax);
  bits_.resize(2 * bits_.size() + values * kBytesMax + kSlack);
  place_.codes = codes_.data() + codes;
  place_.bits = bits_.data() + bits;
  codes_end_ = codes_.data() + codes_.size();
  bits_end_ = bits_.data() + bits_.size();
}

void ValueWriter::emit_word(std::uint64_t word) {
  for (int half = 0; half < 2; ++half, word >>= 32) {
    place_.pending |= (word & 0xFFFFFFFF) << place_.pending_bits;
    std::memcpy(place_.bits, &place_.pending, sizeof place_.pending);
    place_.bits += 4;
    place_.pending >>= 32;
  }
}

void ValueWriter::put_other(std::uint64_t bits, std::uint64_t& last, std::uint8_t& exponent) {
  *place_.codes++ = code::kExponent;
  if (bits == NX_STALE_NAN_BITS) {
    *place_.codes++ = code::kStale;
    last = bits;
    return;
  }
  if (exponent != code::kBitsExponent && !is_special(bits) && !fits(bits, exponent)) {
    const unsigned found = find_exponent(bits);
    // One odd value does not change the slot, the second in a row does.
    if (found != code::kBitsExponent || !(fits(last, exponent) || is_special(last))) {
      *place_.codes++ = exponent = static_cast<std::uint8_t>(found);
      put(bits, last, exponent);
      return;
    }
  }
  *place_.codes++ = code::kRaw;
  emit_word(bits);
  last = bits;
}

void ValueWriter::put_run(std::span<const std::uint64_t> bits, std::uint64_t& last,
                          std::uint8_t& exponent) {
  constexpr std::size_t kStretch = 32;
  std::array<std::uint64_t, kStretch> m;
  while (!bits.empty()) {
    const std::span stretch = bits.first(std::min(bits.size(), kStretch));
    bits = bits.subspan(stretch.size());
    std::uint64_t differs = 0;
    for (const std::uint64_t value : stretch) differs |= value ^ last;
    if (differs == 0) {
      std::memset(place_.codes, code::kUnchanged, stretch.size());
      place_.codes += stretch.size();
      continue;
    }
    if (fits(last, exponent) && code::integers_of(stretch, exponent, m.data())) {
      Place place = place_;
      std::uint64_t last_m = code::integer_of(last, exponent);
      for (std::size_t i = 0; i < stretch.size(); ++i) {
        place.put_integer(m[i], last_m);
        last_m = m[i];
      }
      place_ = place;
      last = stretch.back();
    } else {
      for (const std::uint64_t value : stretch) put(value, last, exponent);
    }
  }
}

void ValueWriter::put_key(std::uint64_t bits, std::uint64_t& last, std::uint8_t& exponent) {
  last = bits;
  if (bits == NX_STALE_NAN_BITS || is_special(bits)) {
    const bool stale = bits == NX_STALE_NAN_BITS;
    *place_.codes++ = stale ? code::kStale : code::kRaw;
    exponent = 0;
    if (!stale) emit_word(bits);
    return;
  }
  if (exponent == code::kBitsExponent || !fits(bits, exponent)) {
    exponent = static_cast<std::uint8_t>(find_exponent(bits));
  }
  *place_.codes++ = exponent;
  if (exponent == code::kBitsExponent) {
    emit_word(bits);
    return;
  }
  std::uint64_t before = 0;
  put(bits, before, exponent);
}

void ValueWriter::write(Bytes& out) {
  const auto count = static_cast<std::size_t>(place_.codes - codes_.data());
  const auto bytes =
      static_cast<std::size_t>(place_.bits - bits_.data()) + (place_.pending_bits + 7) / 8;
  put_varint(out, count);
  const std::size_t at = out.size();
  out.resize(at + (count + 1) / 2 + bytes);
  std::uint8_t* to = out.data() + at;
  const std::uint8_t* from = codes_.data();
  for (std::size_t i = 0; i < count / 2; ++i) {
    to[i] = static_cast<std::uint8_t>(from[2 * i] | from[2 * i + 1] << 4);
  }
  if (count % 2 != 0) to[count / 2] = from[count - 1];
  if (bytes != 0) std::memcpy(to + (count + 1) / 2, bits_.data(), bytes);
}

}  // namespace narthex::storage::wal
