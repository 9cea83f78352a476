// SPDX-License-Identifier: Apache-2.0
#include "storage/index/posting_list.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace narthex::storage::index {
namespace {

constexpr std::uint32_t kFirstCapacity = 24;  // what the allocator gives anyway
constexpr std::uint32_t kLongestValue = 5;    // of 33 bits

// From this many ids on, and in a range not much wider, a bitmap beats sorting.
constexpr std::size_t kBitmapIdsMin = 1024;
constexpr std::size_t kBitmapSpread = 64;

// As much work as a look counts for one: bytes of runs to read, ids to write or to compare.
constexpr std::size_t kBytesOfWork = 64;
constexpr std::size_t kIdsOfWork = 64;

// Bits [first, last], counted from the first word.
void set_bits(std::vector<std::uint64_t>& words, std::uint32_t first, std::uint32_t last) {
  const std::uint64_t head = ~std::uint64_t{0} << first % 64;
  const std::uint64_t tail = ~std::uint64_t{0} >> (63 - last % 64);
  if (first / 64 == last / 64) {
    words[first / 64] |= head & tail;
    return;
  }
  words[first / 64] |= head;
  for (std::size_t w = first / 64 + 1; w < last / 64; ++w) words[w] = ~std::uint64_t{0};
  words[last / 64] |= tail;
}

Ids unite_in_bitmap(std::span<const PostingList* const> lists, std::uint32_t most, Look& look) {
  std::vector<std::uint64_t> words(most / 64 + 1);
  for (const PostingList* list : lists) {
    look.after(1 + list->bytes() / kBytesOfWork);
    list->each_run([&](std::uint32_t first, std::uint32_t last) { set_bits(words, first, last); });
  }
  std::size_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::size_t>(std::popcount(word));
  Ids out;
  out.reserve(count);
  for (std::size_t w = 0; w < words.size(); ++w) {
    look.after(1);
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
      out.push_back(static_cast<std::uint32_t>(w * 64) +
                    static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }
  return out;
}

}  // namespace

void PostingList::reserve(std::uint32_t more) {
  if (capacity_ - size_ >= more) return;
  const std::uint32_t capacity =
      std::max({kFirstCapacity, size_ + more, capacity_ + capacity_ / 2});
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

void PostingList::make_room(std::uint32_t id) {
  if (count_ != 0 && id != open_last_ + 1) reserve(2 * kLongestValue);
}

void PostingList::put(std::uint64_t value) {
  reserve(kLongestValue);
  for (; value >= 0x80; value >>= 7) bytes_[size_++] = static_cast<std::uint8_t>(value | 0x80);
  bytes_[size_++] = static_cast<std::uint8_t>(value);
}

void PostingList::close_run() {
  const bool several = open_last_ > open_first_;
  put(std::uint64_t{open_first_ - next_} << 1 | (several ? 1 : 0));
  if (several) put(open_last_ - open_first_ - 1);
  next_ = open_last_ + 1;
}

void PostingList::append(std::uint32_t id) {
  if (count_ != 0 && id == open_last_ + 1) {
    open_last_ = id;
  } else {
    if (count_ != 0) close_run();
    open_first_ = open_last_ = id;
  }
  ++count_;
}

void PostingList::append_to(Ids& out) const {
  std::size_t at = out.size();
  out.resize(at + count_);
  each_run([&](std::uint32_t first, std::uint32_t last) {
    const std::size_t end = at + (last - first) + 1;
    std::iota(out.begin() + static_cast<std::ptrdiff_t>(at),
              out.begin() + static_cast<std::ptrdiff_t>(end), first);
    at = end;
  });
}

std::size_t PostingList::erase(std::span<const std::uint32_t> gone) {
  Ids kept;
  append_to(kept);
  const std::size_t erased = std::erase_if(
      kept, [&](std::uint32_t id) { return std::binary_search(gone.begin(), gone.end(), id); });
  if (erased == 0) return 0;
  *this = PostingList();
  for (const std::uint32_t id : kept) append(id);
  return erased;
}

Ids unite(std::span<const PostingList* const> lists, Look& look) {
  std::size_t total = 0;
  std::size_t filled = 0;
  std::uint32_t most = 0;
  std::size_t compared = 0;
  for (const PostingList* list : lists) {
    look.after(1);
    if (list->empty()) continue;
    total += list->size();
    ++filled;
    most = std::max(most, list->last());
  }
  if (filled > 1 && total >= kBitmapIdsMin && most / kBitmapSpread < total) {
    return unite_in_bitmap(lists, most, look);
  }
  Ids out;
  out.reserve(total);
  for (const PostingList* list : lists) {
    look.after(1 + list->bytes() / kBytesOfWork + list->size() / kIdsOfWork);
    list->append_to(out);
  }
  if (filled > 1) {
    std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
      if (++compared % kIdsOfWork == 0) look.after(1);
      return a < b;
    });
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

}  // namespace narthex::storage::index
