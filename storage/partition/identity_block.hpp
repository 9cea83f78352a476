// SPDX-License-Identifier: Apache-2.0
// identity_block.hpp - reads one block of label sets. Meant to be used block after block, which
// reuses its memory. One thread.
#pragma once

#include "storage/bytes/bytes.hpp"

#include <narthex/data.h>

#include <vector>

namespace narthex::storage::partition {

class IdentityReader {
 public:
  // Reads a sealed block. False: damaged; table() is of no use then.
  bool read(ByteView sealed);
  // Views into the reader, valid until the next read().
  const nx_series_table& table() const { return table_; }

 private:
  bool unpack(ByteReader& in, std::uint64_t size);
  bool read_symbols(ByteReader& in);
  bool read_series(ByteReader& in, std::uint64_t pairs);

  Bytes body_;
  std::vector<nx_str> symbols_;
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_;
  nx_series_table table_{};
};

}  // namespace narthex::storage::partition
