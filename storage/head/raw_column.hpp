// SPDX-License-Identifier: Apache-2.0
// raw_column.hpp - a growing array of plain values whose new elements are not initialised: blocks
// are written once, by the decoder. A value type that only moves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

namespace narthex::storage::head {

template <class T>
class RawColumn {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Makes room for `count` more elements and returns where they go.
  T* extend(std::size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
    T* at = data_.get() + size_;
    size_ += count;
    return at;
  }
  void reserve(std::size_t count) {
    if (count > capacity_) grow(count);
  }
  void resize_down(std::size_t size) { size_ = size; }
  void clear() { size_ = 0; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void grow(std::size_t least) {
    const std::size_t capacity = std::max(least, capacity_ * 2);
    auto larger = std::make_unique_for_overwrite<T[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_ * sizeof(T));
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<T[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace narthex::storage::head
