// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/slot_set.hpp"

#include <algorithm>
#include <limits>

namespace narthex::storage::wal {

std::size_t count_bits(std::span<const std::uint64_t> words) {
  std::size_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

SetForm form_of(std::size_t members, std::size_t slots) {
  return members < slots / 8 ? SetForm::kList : SetForm::kBitmap;
}

void put_set(Bytes& out, SetForm form, std::span<const std::uint64_t> words, std::size_t slots) {
  if (form == SetForm::kAll) return;
  if (form == SetForm::kBitmap) {
    const std::size_t at = out.size();
    out.resize(at + (slots + 7) / 8);
    if (slots != 0) std::memcpy(out.data() + at, words.data(), (slots + 7) / 8);
    return;
  }
  put_varint(out, count_bits(words));
  std::size_t next = 0;
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
      const std::size_t slot = 64 * w + static_cast<std::size_t>(std::countr_zero(rest));
      put_varint(out, slot - next);
      next = slot + 1;
    }
  }
}

bool read_set(ByteReader& in, SetForm form, std::size_t slots, std::vector<std::uint64_t>& words) {
  const bool all = form == SetForm::kAll;
  words.assign(words_of(slots), all ? ~std::uint64_t{0} : 0);
  if (words.empty()) return form != SetForm::kList || in.varint() == 0;
  if (form == SetForm::kBitmap) {
    const ByteView bytes = in.bytes((slots + 7) / 8);
    if (!in.ok()) return false;
    std::memcpy(words.data(), bytes.data(), bytes.size());
    return (words.back() & ~last_mask(slots)) == 0;
  }
  words.back() &= last_mask(slots);
  if (all) return true;
  std::size_t next = 0;
  for (std::uint64_t left = in.varint_to(slots); left > 0; --left) {
    const std::uint64_t gap = in.varint();
    if (!in.ok() || gap >= slots - next) return false;
    const std::size_t slot = next + static_cast<std::size_t>(gap);
    words[slot / 64] |= std::uint64_t{1} << slot % 64;
    next = slot + 1;
    if (next == slots && left > 1) return false;
  }
  return in.ok();
}

// A token is the difference to the ref after the one before, zigzagged, times two; odd where a run
// of ascending refs follows, whose further length stands behind.
void put_refs(Bytes& out, std::span<const std::uint32_t> refs) {
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < refs.size();) {
    std::size_t end = i + 1;
    while (end < refs.size() && refs[end] == std::uint64_t{refs[end - 1]} + 1) ++end;
    const std::size_t more = end - i - 1;
    put_varint(out, zigzag(refs[i] - expected) << 1 | (more != 0 ? 1 : 0));
    if (more != 0) put_varint(out, more - 1);
    expected = std::uint64_t{refs[end - 1]} + 1;
    i = end;
  }
}

bool read_refs(ByteReader& in, std::size_t count, std::vector<std::uint32_t>& refs) {
  refs.clear();
  std::uint64_t expected = 0;
  while (refs.size() < count) {
    const std::uint64_t token = in.varint();
    const std::uint64_t first = expected + unzigzag(token >> 1);
    std::uint64_t more = 0;
    if (token % 2 != 0) more = 1 + in.varint_to(std::numeric_limits<std::uint32_t>::max());
    if (!in.ok() || first > std::numeric_limits<std::uint32_t>::max()) return false;
    if (more > std::numeric_limits<std::uint32_t>::max() - first) return false;
    if (more >= count - refs.size()) return false;
    for (std::uint64_t i = 0; i <= more; ++i) {
      refs.push_back(static_cast<std::uint32_t>(first + i));
    }
    expected = first + more + 1;
  }
  return in.ok();
}

}  // namespace narthex::storage::wal
