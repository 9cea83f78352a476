// SPDX-License-Identifier: Apache-2.0
#include "remote_write/shard_count.hpp"

#include <algorithm>
#include <cmath>

namespace narthex::remote_write {
namespace {

constexpr double kWeight = 0.2;
// The part of what waits that is to be worked off in a second.
constexpr double kCatchUp = 0.05;
// Changes smaller than this part are left.
constexpr double kTolerance = 0.3;

}  // namespace

void MovingRate::tick(double interval_s) {
  const double now = pending_ / interval_s;
  pending_ = 0;
  if (begun_) {
    rate_ += kWeight * (now - rate_);
  } else if (now > 0) {
    begun_ = true;
    rate_ = now;
  }
}

std::uint64_t ShardCount::reckon(double interval_s, double behind_s, std::uint64_t current,
                                 const ShardBounds& bounds) {
  for (MovingRate* rate : {&in_, &out_, &out_s_, &dropped_}) rate->tick(interval_s);
  const double out = out_.per_second();
  desired_ = static_cast<double>(current);
  if (out <= 0) return current;
  const double kept = out / (out + dropped_.per_second());
  const double seconds_a_row = out_s_.per_second() / out;
  const double waiting = std::max(behind_s, 0.0) * in_.per_second() * kept;
  desired_ = seconds_a_row * (in_.per_second() * kept + kCatchUp * waiting);
  const double now = static_cast<double>(current);
  if (desired_ >= now * (1 - kTolerance) && desired_ <= now * (1 + kTolerance)) return current;
  const double wanted = std::ceil(std::max(desired_, 1.0));
  return std::clamp(static_cast<std::uint64_t>(std::min(wanted, 1e6)), bounds.min, bounds.max);
}

}  // namespace narthex::remote_write
