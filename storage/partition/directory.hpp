// SPDX-License-Identifier: Apache-2.0
// directory.hpp - what a table knows about itself: its figures, its groups and their chunks; as
// the bytes of its last value and back. Pure.
#pragma once

#include "storage/bytes/bytes.hpp"
#include "storage/partition/table.hpp"

#include <optional>

namespace narthex::storage::partition {

struct Directory {
  TableFigures figures;  // bytes: 0, the file knows
  std::vector<TableGroup> groups;
  std::vector<TableChunk> chunks;
};

Bytes encode_directory(const Directory& directory);
// None: the bytes are no directory, or one that contradicts itself.
std::optional<Directory> decode_directory(ByteView bytes);

}  // namespace narthex::storage::partition
