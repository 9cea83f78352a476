// SPDX-License-Identifier: Apache-2.0
// histogram.hpp - native histograms during a query: the ABI's struct in its float form, its arrays
// in an arena that lives as long as the query. Immutable once made.
#pragma once

#include "promql/memory.hpp"

#include <narthex/data.h>

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::promql {

// Memory that goes at once. One thread.
class Arena {
 public:
  // Zeroed, aligned to 64.
  void* allocate(std::size_t bytes);
  template <class T>
  T* array(std::size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T)));
  }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  MemoryCharge charge_;
  std::vector<std::unique_ptr<void, Free>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
};

inline bool is_stale(double value) {
  return std::bit_cast<std::uint64_t>(value) == NX_STALE_NAN_BITS;
}
bool is_stale(const nx_histogram& histogram);

// A copy in float form: integer counts are turned into numbers, deltas are summed up.
const nx_histogram* copy_as_float(const nx_histogram& histogram, Arena& arena);

// How many float samples it counts for in limits and statistics.
std::uint64_t sample_weight(const nx_histogram& histogram);

// One bucket as results show it. boundaries: 0 (lower, upper], 1 [lower, upper), 2 open, 3 closed.
struct HistogramBucket {
  int boundaries = 0;
  double lower = 0;
  double upper = 0;
  double count = 0;
};
// All buckets that hold something, by ascending bounds. REQUIRES: float form.
std::vector<HistogramBucket> buckets_of(const nx_histogram& histogram);

// {count:3, sum:2.5, [-1,1):1, ...}: how Prometheus writes one. REQUIRES: float form.
std::string print_histogram(const nx_histogram& histogram);

}  // namespace narthex::promql
