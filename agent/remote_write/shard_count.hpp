// SPDX-License-Identifier: Apache-2.0
// shard_count.hpp - how many shards a destination should have, from what comes in, what goes out
// and how far behind it is, as Prometheus reckons it. Pure arithmetic; one thread.
#pragma once

#include <cstdint>

namespace narthex::remote_write {

// A rate that forgets: each interval weighs a fifth.
class MovingRate {
 public:
  void add(double amount) { pending_ += amount; }
  void tick(double interval_s);
  double per_second() const { return rate_; }

 private:
  double pending_ = 0;
  double rate_ = 0;
  bool begun_ = false;
};

struct ShardBounds {
  std::uint64_t min = 1;
  std::uint64_t max = 50;
};

class ShardCount {
 public:
  void came_in(double rows) { in_.add(rows); }
  void went_out(double rows, double duration_s) {
    out_.add(rows);
    out_s_.add(duration_s);
  }
  void dropped(double rows) { dropped_.add(rows); }

  // Ends an interval and says how many shards there should be; `current` where nothing speaks for
  // a change. `behind_s` is the age of what waits, as the times of samples have it.
  std::uint64_t reckon(double interval_s, double behind_s, std::uint64_t current,
                       const ShardBounds& bounds);
  double desired() const { return desired_; }

 private:
  MovingRate in_, out_, out_s_, dropped_;
  double desired_ = 0;
};

}  // namespace narthex::remote_write
