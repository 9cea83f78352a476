// SPDX-License-Identifier: Apache-2.0
// samples.hpp - samples of one series as columns, native histograms included, owned. What chunks
// and WAL records are decoded into and chunks are made from. Move-only; no thread rules.
#pragma once

#include <narthex/data.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

namespace narthex::blocks {

// A stale-NaN has this bit pattern, and no other NaN is a mark of staleness.
inline bool is_stale(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits == NX_STALE_NAN_BITS;
}

// Row i has the time t[i] and the value v[i], or the histogram hists[h[i]] where h is not empty and
// h[i] is not NX_NONE.
struct SampleView {
  std::span<const std::int64_t> t;
  std::span<const double> v;
  std::span<const std::uint32_t> h;
  std::span<const nx_histogram> hists;
  std::size_t size() const { return t.size(); }
};

class Samples {
 public:
  Samples() : memory_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {}

  std::size_t size() const { return t_.size(); }
  SampleView view() const { return {t_, v_, h_, hists_}; }
  std::span<const std::int64_t> times() const { return t_; }

  void clear() {
    t_.clear();
    v_.clear();
    h_.clear();
    if (!hists_.empty()) {
      hists_.clear();
      memory_->release();
    }
  }
  void add(std::int64_t t, double value) {
    t_.push_back(t);
    v_.push_back(value);
    if (!hists_.empty()) h_.push_back(NX_NONE);
  }
  // The arrays that it points to are this object's: made with array().
  void add(std::int64_t t, const nx_histogram& histogram) {
    if (hists_.empty()) h_.assign(t_.size(), NX_NONE);
    t_.push_back(t);
    v_.push_back(0);
    h_.push_back(static_cast<std::uint32_t>(hists_.size()));
    hists_.push_back(histogram);
  }
  // A copy of everything it points to.
  void add_copy(std::int64_t t, const nx_histogram& from) {
    nx_histogram own = from;
    own.pos_spans = copy(from.pos_spans, from.pos_span_count);
    own.neg_spans = copy(from.neg_spans, from.neg_span_count);
    own.pos.deltas = copy(from.pos.deltas, from.pos_bucket_count);  // counts are as wide
    own.neg.deltas = copy(from.neg.deltas, from.neg_bucket_count);
    own.custom_values = copy(from.custom_values, from.custom_value_count);
    add(t, own);
  }
  // Room for `rows` floats; what is not used is given back with resize().
  void resize(std::size_t rows) {
    t_.resize(rows);
    v_.resize(rows);
    if (!hists_.empty()) h_.resize(rows, NX_NONE);
  }
  std::int64_t* t_data() { return t_.data(); }
  double* v_data() { return v_.data(); }

  // Memory that lives until clear().
  template <class T>
  T* array(std::size_t count) {
    if (count == 0) return nullptr;
    return static_cast<T*>(memory_->allocate(count * sizeof(T), alignof(T)));
  }
  template <class T>
  const T* copy(const T* from, std::size_t count) {
    T* out = array<T>(count);
    if (count != 0) std::memcpy(out, from, count * sizeof(T));
    return out;
  }

  // Sorts by time and drops what stands at the time of another row: of those the one that was added
  // last stays. Costs one look at the times when they ascend already.
  void settle();

 private:
  std::vector<std::int64_t> t_;
  std::vector<double> v_;
  std::vector<std::uint32_t> h_;
  std::vector<nx_histogram> hists_;
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;
};

}  // namespace narthex::blocks
