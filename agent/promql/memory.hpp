// SPDX-License-Identifier: Apache-2.0
// memory.hpp - what queries may hold in memory, one by one and all together.
//
// A MemoryMeter belongs to one run of a query. While a MemoryScope makes it current on a thread,
// every Column, LabelStore and Arena made there is charged to it, and stays charged to it wherever
// it goes. An allocation beyond a bound fails as any failed allocation does, with std::bad_alloc;
// Query::run() turns that into an error of the query with the words of refusal(), and callbacks
// that kernels call turn it into a status.
//
// Large columns are in huge pages (block_memory.hpp).
//
// Meters and pools are thread-safe, the current meter is the thread's own: whoever lets further
// threads work on a query opens a scope on each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace narthex::promql {

// What all queries hold together.
class MemoryPool {
 public:
  explicit MemoryPool(std::uint64_t max_bytes) : max_(max_bytes) {}
  bool take(std::uint64_t bytes) noexcept {
    const std::uint64_t used = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (max_ == 0 || used <= max_) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::uint64_t bytes) noexcept {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t max_bytes() const noexcept { return max_; }  // 0: unlimited

 private:
  const std::uint64_t max_;
  std::atomic<std::uint64_t> used_{0};
};

// What one query holds. Outlives all that is charged to it.
class MemoryMeter {
 public:
  // max_bytes 0: unlimited; pool null: no bound for all.
  explicit MemoryMeter(std::uint64_t max_bytes = 0, std::shared_ptr<MemoryPool> pool = nullptr)
      : max_(max_bytes), pool_(std::move(pool)) {}
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  // False, and nothing taken, beyond a bound: refusal() tells of it from then on.
  bool take(std::uint64_t bytes) noexcept;
  void give_back(std::uint64_t bytes) noexcept {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (pool_ != nullptr) pool_->give_back(bytes);
  }
  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  bool refused() const noexcept { return refusal_.load() != Bound::kNone; }
  // Which bound, and how far beyond it.
  std::string refusal() const;

  static MemoryMeter* current() noexcept;

 private:
  friend class MemoryScope;
  enum class Bound : std::uint8_t { kNone, kQuery, kAll };

  const std::uint64_t max_;
  const std::shared_ptr<MemoryPool> pool_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::uint64_t> peak_{0};
  std::atomic<Bound> refusal_{Bound::kNone};
  std::atomic<std::uint64_t> wanted_{0};
};

// Makes a meter the thread's current one.
class MemoryScope {
 public:
  explicit MemoryScope(MemoryMeter* meter) noexcept;
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

 private:
  MemoryMeter* const before_;
};

// Bytes charged to the meter that was current when this was made. Throws std::bad_alloc beyond a
// bound.
class MemoryCharge {
 public:
  MemoryCharge() noexcept : meter_(MemoryMeter::current()) {}
  ~MemoryCharge() { release(); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : meter_(other.meter_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(meter_, other.meter_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  void add(std::uint64_t bytes) {
    if (meter_ == nullptr) return;
    if (!meter_->take(bytes)) throw std::bad_alloc();
    bytes_ += bytes;
  }
  // Charges this much instead of what was charged before.
  void set(std::uint64_t bytes) {
    release();
    add(bytes);
  }

 private:
  void release() noexcept {
    if (meter_ != nullptr) meter_->give_back(std::exchange(bytes_, 0));
  }

  MemoryMeter* meter_;
  std::uint64_t bytes_ = 0;
};

namespace counted_memory {
// A meter may be null. Throws std::bad_alloc.
void* allocate(MemoryMeter* meter, std::size_t bytes);
void deallocate(MemoryMeter* meter, void* memory, std::size_t bytes) noexcept;
}  // namespace counted_memory

// Allocates from the heap and charges the meter that was current when the container was made.
template <class T>
class CountedAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  CountedAllocator() noexcept : meter_(MemoryMeter::current()) {}
  template <class U>
  CountedAllocator(const CountedAllocator<U>& other) noexcept : meter_(other.meter()) {}  // NOLINT

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(counted_memory::allocate(meter_, count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    counted_memory::deallocate(meter_, memory, count * sizeof(T));
  }
  MemoryMeter* meter() const noexcept { return meter_; }

  template <class U>
  friend bool operator==(const CountedAllocator& a, const CountedAllocator<U>& b) noexcept {
    return a.meter_ == b.meter();
  }

 private:
  MemoryMeter* meter_;
};

// A column of a query: all that grows with series or steps is one.
template <class T>
using Column = std::vector<T, CountedAllocator<T>>;

}  // namespace narthex::promql
