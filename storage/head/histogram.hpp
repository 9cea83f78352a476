// SPDX-License-Identifier: Apache-2.0
// histogram.hpp - one native histogram sample of our own: a single allocation that holds the
// nx_histogram and everything it points to. Immutable; counted, because the samples of a series,
// transactions and blocks on their way out may hold the same one.
#pragma once

#include <narthex/data.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace narthex::storage::head {

class Histogram {
 public:
  // A deep copy. REQUIRES: histogram_problem(from) is nullptr.
  static const Histogram* make(const nx_histogram& from);

  const nx_histogram& view() const { return view_; }
  std::size_t bytes() const { return bytes_; }
  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const;

 private:
  explicit Histogram(const nx_histogram& from) : view_(from) {}

  nx_histogram view_;
  std::uint32_t bytes_ = 0;
  mutable std::atomic<std::uint32_t> references_{1};
};

// One counted reference.
class HistogramRef {
 public:
  HistogramRef() = default;
  explicit HistogramRef(const Histogram* adopted) : histogram_(adopted) {}
  HistogramRef(const HistogramRef& other) : histogram_(other.histogram_) {
    if (histogram_ != nullptr) histogram_->retain();
  }
  HistogramRef(HistogramRef&& other) noexcept
      : histogram_(std::exchange(other.histogram_, nullptr)) {}
  HistogramRef& operator=(HistogramRef other) noexcept {
    std::swap(histogram_, other.histogram_);
    return *this;
  }
  ~HistogramRef() {
    if (histogram_ != nullptr) histogram_->release();
  }
  const Histogram* get() const { return histogram_; }
  explicit operator bool() const { return histogram_ != nullptr; }

 private:
  const Histogram* histogram_ = nullptr;
};

struct HistogramPoint {
  std::int64_t t;
  std::uint64_t sequence;  // of its commit
  HistogramRef histogram;
};

// Whether both say the same: layout, counts and sum, bit for bit; the reset hint does not count.
bool same_histogram(const nx_histogram& a, const nx_histogram& b);

inline bool is_stale_bits(std::uint64_t bits) { return bits == NX_STALE_NAN_BITS; }
bool is_stale(const nx_histogram& histogram);

// What is wrong with a histogram, in Prometheus's words; nullptr when it is valid.
const char* histogram_problem(const nx_histogram& histogram);

}  // namespace narthex::storage::head
