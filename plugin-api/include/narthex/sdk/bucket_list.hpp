// SPDX-License-Identifier: Apache-2.0
// bucket_list.hpp - the buckets of native histograms, one side at a time: read as (index, count),
// and built from them in their compact form, without empty buckets. Pure.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/bump_arena.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace narthex::sdk {

// Calls use(index, count) for each bucket of a side, ascending. Count is std::int64_t for integer
// histograms, whose buckets are differences, and double for float histograms.
// REQUIRES: the lengths of the spans add up to the number of buckets.
template <class Count, class Use>
void for_each_bucket(std::span<const nx_span> spans, std::span<const Count> buckets, Use&& use) {
  std::int64_t index = 0;
  std::size_t next = 0;
  Count count = 0;
  for (const nx_span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index, ++next) {
      if constexpr (std::is_integral_v<Count>) {
        // Wraps where the differences are nonsense, as sums of unsigned numbers do.
        count = static_cast<Count>(static_cast<std::uint64_t>(count) +
                                   static_cast<std::uint64_t>(buckets[next]));
      } else {
        count = buckets[next];
      }
      use(index, count);
    }
  }
}

// One side under construction.
template <class Count>
class BucketList {
 public:
  // Up to gap_max empty buckets between two others are written out rather than a new span begun.
  void clear(std::int64_t gap_max = 0) {
    spans_.clear();
    buckets_.clear();
    gap_max_ = gap_max;
    last_ = 0;
  }
  // Empty buckets are left out. False: no span can reach that index.
  // REQUIRES: indices ascend.
  bool add(std::int64_t index, Count count) {
    if (count == 0) return true;
    const std::int64_t gap = spans_.empty() ? index : index - next_;
    if (!spans_.empty() && gap <= gap_max_) {
      for (std::int64_t i = 0; i < gap; ++i) push(0);
      spans_.back().length += static_cast<std::uint32_t>(gap) + 1;
    } else {
      if (gap > std::numeric_limits<std::int32_t>::max() ||
          gap < std::numeric_limits<std::int32_t>::min()) {
        return false;
      }
      spans_.push_back({static_cast<std::int32_t>(gap), 1});
    }
    push(count);
    next_ = index + 1;
    return true;
  }

  std::span<const nx_span> spans() const { return spans_; }
  // As nx_buckets has them.
  std::span<const Count> buckets() const { return buckets_; }

 private:
  void push(Count count) {
    if constexpr (std::is_integral_v<Count>) {
      buckets_.push_back(
          static_cast<Count>(static_cast<std::uint64_t>(count) -
                             static_cast<std::uint64_t>(std::exchange(last_, count))));
    } else {
      buckets_.push_back(count);
    }
  }

  std::vector<nx_span> spans_;
  std::vector<Count> buckets_;
  std::int64_t gap_max_ = 0;
  std::int64_t next_ = 0;  // index after the newest bucket
  Count last_ = 0;         // count of the newest bucket
};

namespace detail {

inline void place(nx_buckets& out, const std::int64_t* deltas) { out.deltas = deltas; }
inline void place(nx_buckets& out, const double* counts) { out.counts = counts; }

}  // namespace detail

// Copies the list into the arena and names it as a side of the histogram.
template <class Count>
void set_positive(nx_histogram& out, const BucketList<Count>& list, BumpArena& arena) {
  out.pos_span_count = static_cast<std::uint32_t>(list.spans().size());
  out.pos_spans = arena.keep(list.spans());
  out.pos_bucket_count = static_cast<std::uint32_t>(list.buckets().size());
  detail::place(out.pos, arena.keep(list.buckets()));
}
template <class Count>
void set_negative(nx_histogram& out, const BucketList<Count>& list, BumpArena& arena) {
  out.neg_span_count = static_cast<std::uint32_t>(list.spans().size());
  out.neg_spans = arena.keep(list.spans());
  out.neg_bucket_count = static_cast<std::uint32_t>(list.buckets().size());
  detail::place(out.neg, arena.keep(list.buckets()));
}

}  // namespace narthex::sdk
