// SPDX-License-Identifier: Apache-2.0
// bump_arena.hpp - memory for the pieces of one batch: taken one after the other, given back all at
// once. Pieces stay where they are until clear(), which keeps up to kKeptMax bytes for the next
// batch. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace narthex::sdk {

class BumpArena {
 public:
  static constexpr std::size_t kBlockSize = 256 << 10;
  static constexpr std::size_t kKeptMax = 4 << 20;

  BumpArena() = default;
  BumpArena(const BumpArena&) = delete;
  BumpArena& operator=(const BumpArena&) = delete;

  // Uninitialised room for `count` of T.
  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    return reinterpret_cast<T*>(take_bytes(count * sizeof(T)));
  }
  // A copy of the items; nullptr when there are none.
  template <class T>
  const T* keep(std::span<const T> items) {
    if (items.empty()) return nullptr;
    T* const copy = take<T>(items.size());
    std::memcpy(copy, items.data(), items.size_bytes());
    return copy;
  }
  std::string_view keep(std::string_view text) {
    return {keep(std::span<const char>(text)), text.size()};
  }

  void clear() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      kept += blocks_[i].size;
      if (kept > kKeptMax) {
        blocks_.resize(i);
        break;
      }
    }
    next_ = 0;
    at_ = end_ = nullptr;
  }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  std::byte* take_bytes(std::size_t size) {
    size = (size + 7) & ~std::size_t{7};
    if (size > static_cast<std::size_t>(end_ - at_)) open_block(size);
    std::byte* const taken = at_;
    at_ += size;
    return taken;
  }
  void open_block(std::size_t size) {
    while (next_ < blocks_.size() && blocks_[next_].size < size) ++next_;
    if (next_ == blocks_.size()) {
      const std::size_t wanted = size > kBlockSize ? size : kBlockSize;
      // NOLINTNEXTLINE(modernize-make-unique): it would set the bytes to zero
      blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[wanted]), wanted});
    }
    at_ = blocks_[next_].bytes.get();
    end_ = at_ + blocks_[next_].size;
    ++next_;
  }

  std::vector<Block> blocks_;
  std::size_t next_ = 0;  // the block to open next
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace narthex::sdk
