// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/symbol_table.hpp"

#include <cstring>

namespace narthex::ingest::remote_write {
namespace {

// Reads a varint of at most 32 bits; false at the end, or where none is.
bool read_ref(const char*& at, const char* end, std::uint32_t& ref) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; at != end && shift < 35; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= (byte & 0x7Fu) << shift;
    if (byte < 0x80) {
      ref = value;
      return true;
    }
  }
  return false;
}

}  // namespace

void SymbolTable::clear() {
  symbols_.clear();
  hashes_.clear();
}

void SymbolTable::make_hashes() {
  hashes_.resize(symbols_.size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) hashes_[i] = key_of(symbols_[i]);
}

std::optional<SeriesKey> SymbolTable::key_of_refs(std::string_view packed) const {
  // Hashes of the texts stand for them: where symbols lie differs from request to request.
  // Not initialised: most series fill a small part of it.
  std::uint64_t parts[2 * kRefsMax];
  std::size_t count = 0;
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) {
    std::uint32_t ref = 0;
    if (count == kRefsMax || !read_ref(at, end, ref) || ref >= hashes_.size()) return std::nullopt;
    std::memcpy(parts + 2 * count++, &hashes_[ref], sizeof(SeriesKey));
  }
  if (count % 2 != 0) return std::nullopt;
  return key_of_parts({parts, 2 * count});
}

void SymbolTable::shrink() {
  constexpr std::size_t kKeepSymbols = 64 << 10;
  if (symbols_.capacity() > kKeepSymbols) symbols_ = {};
  if (hashes_.capacity() > kKeepSymbols) hashes_ = {};
  clear();
}

}  // namespace narthex::ingest::remote_write
