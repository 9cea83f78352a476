// SPDX-License-Identifier: Apache-2.0
#include "storage/head/histogram.hpp"

#include <bit>
#include <cstring>
#include <new>

namespace narthex::storage::head {
namespace {

std::size_t bucket_bytes(std::uint32_t count) { return std::size_t{count} * sizeof(std::int64_t); }

// Copies `size` bytes to the cursor and returns where they are now.
template <class T>
const T* place(std::byte*& at, const T* from, std::size_t size) {
  if (size == 0) return nullptr;
  std::memcpy(at, from, size);
  const T* placed = reinterpret_cast<const T*>(at);
  at += size;
  return placed;
}

bool same_bytes(const void* a, const void* b, std::size_t size) {
  return size == 0 || std::memcmp(a, b, size) == 0;
}

}  // namespace

const Histogram* Histogram::make(const nx_histogram& from) {
  const std::size_t spans =
      (std::size_t{from.pos_span_count} + from.neg_span_count) * sizeof(nx_span);
  const std::size_t size = sizeof(Histogram) + spans + bucket_bytes(from.pos_bucket_count) +
                           bucket_bytes(from.neg_bucket_count) +
                           from.custom_value_count * sizeof(double);
  void* memory = ::operator new(size);
  auto* made = new (memory) Histogram(from);
  auto* at = reinterpret_cast<std::byte*>(made + 1);
  nx_histogram& v = made->view_;
  // Eight-byte arrays first, so that all are aligned. The unions hold pointers to eight-byte
  // values.
  v.pos.deltas = place(at, from.pos.deltas, bucket_bytes(from.pos_bucket_count));
  v.neg.deltas = place(at, from.neg.deltas, bucket_bytes(from.neg_bucket_count));
  v.custom_values = place(at, from.custom_values, from.custom_value_count * sizeof(double));
  v.pos_spans = place(at, from.pos_spans, from.pos_span_count * sizeof(nx_span));
  v.neg_spans = place(at, from.neg_spans, from.neg_span_count * sizeof(nx_span));
  made->bytes_ = static_cast<std::uint32_t>(size);
  return made;
}

void Histogram::release() const {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~Histogram();
  ::operator delete(const_cast<Histogram*>(this));
}

bool same_histogram(const nx_histogram& a, const nx_histogram& b) {
  return a.schema == b.schema && a.is_float == b.is_float && a.count.u == b.count.u &&
         a.zero_count.u == b.zero_count.u && a.pos_span_count == b.pos_span_count &&
         a.neg_span_count == b.neg_span_count && a.pos_bucket_count == b.pos_bucket_count &&
         a.neg_bucket_count == b.neg_bucket_count && a.custom_value_count == b.custom_value_count &&
         std::bit_cast<std::uint64_t>(a.sum) == std::bit_cast<std::uint64_t>(b.sum) &&
         std::bit_cast<std::uint64_t>(a.zero_threshold) ==
             std::bit_cast<std::uint64_t>(b.zero_threshold) &&
         same_bytes(a.pos_spans, b.pos_spans, a.pos_span_count * sizeof(nx_span)) &&
         same_bytes(a.neg_spans, b.neg_spans, a.neg_span_count * sizeof(nx_span)) &&
         same_bytes(a.pos.deltas, b.pos.deltas, bucket_bytes(a.pos_bucket_count)) &&
         same_bytes(a.neg.deltas, b.neg.deltas, bucket_bytes(a.neg_bucket_count)) &&
         same_bytes(a.custom_values, b.custom_values, a.custom_value_count * sizeof(double));
}

bool is_stale(const nx_histogram& histogram) {
  return is_stale_bits(std::bit_cast<std::uint64_t>(histogram.sum));
}

}  // namespace narthex::storage::head
