// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/identity_block.hpp"

#include "storage/partition/table_format.hpp"

#include <zstd.h>

#include <algorithm>

namespace narthex::storage::partition {

bool IdentityReader::unpack(ByteReader& in, std::uint64_t size) {
  if (!in.ok() || size > kIdentityBodyMax) return false;
  const ByteView frame = in.bytes(in.left());
  // Before anything is allocated: what the frame itself says.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size) return false;
  body_.resize(static_cast<std::size_t>(size));
  return ZSTD_decompress(body_.data(), body_.size(), frame.data(), frame.size()) == size;
}

bool IdentityReader::read_symbols(ByteReader& in) {
  const std::uint64_t count = in.varint();
  const std::uint64_t text_size = in.varint();
  if (!in.ok() || count > in.left() || text_size > in.left()) return false;
  symbols_.clear();
  symbols_.reserve(static_cast<std::size_t>(count));
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t size = in.varint();
    if (size > text_size - total) return false;
    total += size;
    symbols_.push_back({nullptr, size});
  }
  const ByteView text = in.bytes(text_size);
  if (!in.ok() || total != text_size) return false;
  const auto* next = reinterpret_cast<const char*>(text.data());
  for (nx_str& symbol : symbols_) {
    symbol.ptr = next;
    next += symbol.len;
  }
  return true;
}

bool IdentityReader::read_series(ByteReader& in, std::uint64_t pairs) {
  refs_.resize(static_cast<std::size_t>(2 * pairs));
  std::uint32_t* out = refs_.data();
  const std::uint32_t* const end = out + refs_.size();
  const std::uint32_t* before = out;
  std::size_t before_size = 0;  // in words, two a pair
  for (std::uint32_t& offset : offsets_) {
    offset = static_cast<std::uint32_t>((out - refs_.data()) / 2);
    if (&offset == &offsets_.back()) break;
    const std::uint64_t front = 2 * (in.varint() & UINT32_MAX);
    const std::uint64_t back = 2 * (in.varint() & UINT32_MAX);
    const std::uint64_t fresh = 2 * (in.varint() & UINT32_MAX);
    if (front + back > before_size || front + back + fresh > static_cast<std::size_t>(end - out)) {
      return false;
    }
    const std::uint32_t* const start = out;
    out = std::copy_n(before, front, out);
    for (std::uint64_t i = 0; i < fresh; ++i) {
      const std::uint64_t ref = in.varint();
      if (ref >= symbols_.size()) return false;
      *out++ = static_cast<std::uint32_t>(ref);
    }
    out = std::copy_n(before + (before_size - back), back, out);
    before = start;
    before_size = static_cast<std::size_t>(out - start);
  }
  return in.ok() && in.left() == 0 && out == end;
}

bool IdentityReader::read(ByteView sealed) {
  const auto content = unseal(sealed);
  if (!content) return false;
  ByteReader head(*content);
  if (head.byte() != kTableVersion) return false;
  const std::uint64_t series = head.varint();
  if (series == 0 || series > kIdentitySeries || !unpack(head, head.varint())) return false;
  ByteReader in(body_);
  const std::uint64_t pairs = in.varint();
  if (pairs > kIdentityPairs + kLabelSetPairsMax || !read_symbols(in)) return false;
  offsets_.resize(static_cast<std::size_t>(series) + 1);
  if (!read_series(in, pairs)) return false;
  table_ = {};
  table_.struct_size = sizeof table_;
  table_.series_count = static_cast<std::uint32_t>(series);
  table_.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table_.symbols = symbols_.data();
  table_.label_ref = refs_.data();
  table_.label_off = offsets_.data();
  return true;
}

}  // namespace narthex::storage::partition
