// SPDX-License-Identifier: Apache-2.0
// histogram_message.hpp - io.prometheus.client.Histogram: a classic histogram, a native one, or
// both in one message. Views into the body; reusable.
#pragma once

#include "plugins/protocol/prometheus_protobuf/messages.hpp"

#include <narthex/data.h>
#include <narthex/sdk/bucket_list.hpp>
#include <narthex/sdk/bump_arena.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace narthex::prometheus_protobuf {

struct ClassicBucket {
  double bound = 0;
  double count = 0;           // cumulative
  std::string_view exemplar;  // data() is nullptr: there is none
};

// The buckets of one sign: integers as differences, floats as they are.
struct NativeSide {
  std::vector<nx_span> spans;
  std::vector<std::int64_t> deltas;
  std::vector<double> counts;
  void clear();
};

struct HistogramMessage {
  std::uint64_t count = 0;
  double count_float = 0;
  double sum = 0;
  std::vector<ClassicBucket> buckets;
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  double zero_count_float = 0;
  NativeSide negative, positive;
  std::int64_t start_ms = 0;
  std::vector<std::string_view> exemplars;  // of the native histogram

  void clear();
  // What it counted, whichever field said so.
  double total() const { return count_float != 0 ? count_float : static_cast<double>(count); }
  // An empty span says "native" too.
  bool is_native() const {
    return !positive.spans.empty() || !negative.spans.empty() || zero_threshold > 0 ||
           zero_count > 0;
  }
  bool is_float() const { return count_float > 0 || zero_count_float > 0; }
};
bool read_histogram(std::string_view message, HistogramMessage& out, Failure& failure);

// Makes native histograms without empty buckets, and finds out whether they are any. Reusable.
class NativeBuilder {
 public:
  // Arrays go into the arena. False: *problem says what contradicts what.
  bool build(const HistogramMessage& message, bool gauge, sdk::BumpArena& arena, nx_histogram& out,
             std::string_view& problem);

 private:
  template <class Count>
  bool side(const NativeSide& from, sdk::BucketList<Count>& list, Count& sum,
            std::string_view& problem);
  template <class Count>
  bool sides(const HistogramMessage& message, sdk::BucketList<Count>& list, sdk::BumpArena& arena,
             nx_histogram& out, Count& sum, std::string_view& problem);

  sdk::BucketList<std::int64_t> integers_;
  sdk::BucketList<double> floats_;
};

}  // namespace narthex::prometheus_protobuf
