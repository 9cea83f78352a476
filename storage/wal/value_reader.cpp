// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/value_reader.hpp"

#include <narthex/data.h>

#include <algorithm>

namespace narthex::storage::wal {
namespace {

// Values whose integers are computed before any of them becomes a value.
constexpr std::size_t kStretch = 64;
// Values read by themselves before a stretch is tried again.
constexpr std::size_t kOneByOne = 4;
// Integers below it in size come back from their values, with every exponent.
constexpr std::uint64_t kSafeInteger = std::uint64_t{1} << 50;

}  // namespace

bool read_packed(ByteReader& in, PackedValues& out) {
  out.count = in.varint_to(2 * std::uint64_t{in.left()});
  out.codes = in.bytes((out.count + 1) / 2);
  if (!in.ok()) return false;
  out.bits = in.bytes(in.left());
  return out.count % 2 == 0 || out.codes.back() >> 4 == 0;
}

bool ValueReader::open(ByteReader& in) {
  PackedValues packed;
  if (!read_packed(in, packed)) return false;
  codes_.resize(std::max(codes_.size(), 2 * packed.codes.size()));
  code::spread_nibbles(packed.codes, codes_.data());
  if (bits_.size() < packed.bits.size() + kSlack) bits_.resize(packed.bits.size() + kSlack);
  std::copy(packed.bits.begin(), packed.bits.end(), bits_.begin());
  std::fill_n(bits_.begin() + static_cast<std::ptrdiff_t>(packed.bits.size()), kSlack, 0);
  const auto count = static_cast<std::size_t>(packed.count);
  static_cast<ValueCursor&>(*this) = ValueCursor(std::span(codes_).first(count), bits_.data(), 0,
                                                 8 * std::uint64_t{packed.bits.size()});
  return true;
}

bool ValueCursor::skip(std::size_t count) {
  std::uint64_t ignored = 0;
  std::uint8_t exponent = 0;
  while (count != 0) {
    const std::uint8_t* at = codes_at_;
    const std::uint8_t* const end = at + std::min(count, codes_left());
    std::uint64_t bits = 0;
    for (; at != end && *at < code::kKey; ++at) bits += code::kRows.data()[*at].width;
    position_ += bits;
    count -= static_cast<std::size_t>(at - codes_at_);
    codes_at_ = at;
    if (count == 0) return true;
    if (codes_at_ == codes_end_ || position_ > position_max_) return false;
    if (next_other(ignored, exponent) == Got::kBad) return false;
    --count;
  }
  return true;
}

bool ValueCursor::take(std::span<std::uint64_t> out, std::uint64_t& last, std::uint8_t& exponent) {
  while (!out.empty()) {
    const std::size_t plain =
        take_stretch(out.first(std::min(out.size(), kStretch)), last, exponent);
    out = out.subspan(plain);
    if (out.empty()) break;
    // What ended the stretch, or could not be in one.
    const bool ended = plain != 0 || codes_left() == 0 || *codes_at_ >= code::kKey;
    for (std::size_t i = ended ? 1 : kOneByOne; i > 0 && !out.empty(); --i) {
      if (next(last, exponent) == Got::kBad) return false;
      out.front() = last;
      out = out.subspan(1);
    }
  }
  return true;
}

// Goes from integer to integer, where that is what going from value to value comes to: the last
// value is that of its integer, and none is so large that it would not come back. Returns how many
// values it took; the last one is then that of its integer again. REQUIRES: kStretch at most.
std::size_t ValueCursor::take_stretch(std::span<std::uint64_t> out, std::uint64_t& last,
                                      unsigned exponent) {
  if (position_ > position_max_ || !code::fits(last, exponent)) return 0;
  std::array<std::uint64_t, kStretch> integers;
  std::uint64_t* to = integers.data();
  std::uint64_t m = code::integer_of(last, exponent);
  std::uint64_t position = position_;
  std::uint64_t large = 0;
  const std::uint8_t* at = codes_at_;
  const std::uint8_t* const end = at + std::min(out.size(), codes_left());
  for (; at != end && *at < code::kKey && position <= position_max_; ++at) {
    m += difference(*at, position);
    position += code::kRows.data()[*at].width;
    *to++ = m;
    large |= m + kSafeInteger;
  }
  const auto count = static_cast<std::size_t>(at - codes_at_);
  if (count == 0 || (exponent != code::kBitsExponent && large >= 2 * kSafeInteger)) return 0;
  code::values_of(std::span(integers).first(count), exponent, out.data());
  last = out[count - 1];
  position_ = position;
  codes_at_ = at;
  return count;
}

bool ValueCursor::done() const {
  return codes_at_ == codes_end_ && (position_ == position_max_ || position_ + 4 == position_max_);
}

bool ValueCursor::word(std::uint64_t& out) {
  if (position_ + 64 > position_max_) return false;
  const std::uint64_t low = window(position_) & 0xFFFFFFFF;
  out = low | window(position_ + 32) << 32;
  position_ += 64;
  return true;
}

ValueCursor::Got ValueCursor::next_other(std::uint64_t& last, std::uint8_t& exponent) {
  if (*codes_at_++ == code::kKey) return next_key(last, exponent);
  if (codes_at_ == codes_end_) return Got::kBad;
  const std::uint8_t what = *codes_at_++;
  if (what == code::kStale) {
    last = NX_STALE_NAN_BITS;
    return Got::kValue;
  }
  if (what == code::kRaw) return word(last) ? Got::kValue : Got::kBad;
  exponent = what;
  // An exponent may be followed by a raw value, never by another exponent.
  if (codes_at_ == codes_end_) return Got::kBad;
  const std::uint8_t c = *codes_at_++;
  if (c < code::kKey) {
    apply(c, last, exponent);
    return Got::kValue;
  }
  const bool raw = c == code::kExponent && codes_at_ != codes_end_ && *codes_at_++ == code::kRaw;
  return raw && word(last) ? Got::kValue : Got::kBad;
}

ValueCursor::Got ValueCursor::next_key(std::uint64_t& last, std::uint8_t& exponent) {
  if (codes_at_ == codes_end_ || position_ > position_max_) return Got::kBad;
  const std::uint8_t what = *codes_at_++;
  if (what == code::kStale) {
    last = NX_STALE_NAN_BITS;
    exponent = 0;
    return Got::kKey;
  }
  if (what == code::kRaw || what == code::kBitsExponent) {
    exponent = what == code::kRaw ? 0 : what;
    return word(last) ? Got::kKey : Got::kBad;
  }
  if (codes_at_ == codes_end_ || *codes_at_ >= code::kKey) return Got::kBad;
  exponent = what;
  last = 0;
  apply(*codes_at_++, last, exponent);
  return Got::kKey;
}

}  // namespace narthex::storage::wal
