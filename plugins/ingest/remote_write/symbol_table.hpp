// SPDX-License-Identifier: Apache-2.0
// symbol_table.hpp - the symbols of a remote write 2.0 request, and what a run of references to
// them says. Used by one thread, for request after request; the texts are slices of the body.
#pragma once

#include "plugins/ingest/remote_write/series_cache.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

class SymbolTable {
 public:
  void clear();
  void add(std::string_view symbol) { symbols_.push_back(symbol); }
  std::size_t size() const { return symbols_.size(); }
  std::optional<std::string_view> at(std::uint32_t ref) const {
    if (ref >= symbols_.size()) return std::nullopt;
    return symbols_[ref];
  }

  // Once all symbols are there, before hash_of() and key_of_refs(): each is hashed once a request,
  // however many series name it.
  void make_hashes();
  // REQUIRES: ref < size().
  const SeriesKey& hash_of(std::uint32_t ref) const { return hashes_[ref]; }

  // Most references of a series that gets a key: more labels than any limit should allow.
  static constexpr std::size_t kRefsMax = 256;
  // The key of the texts that packed references name, in their order. None when they are no
  // references to what is there, of odd number, or more than kRefsMax.
  std::optional<SeriesKey> key_of_refs(std::string_view packed) const;

  void shrink();

 private:
  std::vector<std::string_view> symbols_;
  std::vector<SeriesKey> hashes_;  // [symbols_]
};

}  // namespace narthex::ingest::remote_write
