// SPDX-License-Identifier: Apache-2.0
// Samples by reference: a byte each, and what differs from the sample before.
#include "storage/wal/records.hpp"
#include "storage/wal/row_flags.hpp"

namespace narthex::storage::wal {
namespace {

constexpr std::uint8_t kSamplesPerKey = 64;

}  // namespace

void SamplesEncoder::begin() {
  count_ = 0;
  ref_ = 0;
  t_ = 0;
  step_ = 0;
  body_.clear();
}

void SamplesEncoder::add(std::uint32_t ref, std::int64_t t, std::uint64_t bits,
                         SampleState& state) {
  const std::size_t at = body_.size();
  body_.push_back(0);
  unsigned ref_mode = kRefSame;
  if (ref != ref_ || count_ == 0) {
    ref_mode = ref == ref_ + 1 ? kRefNext : kRefFar;
    if (ref_mode == kRefFar) column::put_difference(body_, ref, ref_);
  }
  unsigned time_mode = kTimeSame;
  const auto delta =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(t_));
  if (delta != 0) {
    time_mode = delta == step_ ? kTimeStep : kTimeFar;
    if (time_mode == kTimeFar) column::put_varint(body_, zigzag(static_cast<std::uint64_t>(delta)));
    step_ = delta;
  }
  const bool key = state.epoch != epoch_ || state.since_key >= kSamplesPerKey;
  LastValue last{state.bits, state.exponent};
  const std::uint8_t code = key ? put_key(bits, last, body_) : put_value(bits, last, body_);
  state.since_key = key ? std::uint8_t{1} : static_cast<std::uint8_t>(state.since_key + 1);
  state.bits = last.bits;
  state.exponent = last.exponent;
  state.epoch = epoch_;
  body_[at] = static_cast<std::uint8_t>(code | ref_mode << kRefShift | time_mode << kTimeShift);
  ref_ = ref;
  t_ = t;
  ++count_;
}

void SamplesEncoder::finish(Bytes& out) {
  column::put_varint(out, generation_);
  column::put_varint(out, ++counter_);
  column::put_varint(out, count_);
  column::put_bytes(out, body_);
}

}  // namespace narthex::storage::wal
