// SPDX-License-Identifier: Apache-2.0
// inventory.hpp - the small file that says what should be in the data folder, so that a file that
// went missing is noticed. It decides nothing: what is there is read, whatever it says. Format:
// storage/docs/tsdb.md. A value type.
#pragma once

#include "storage/fs/file_system.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::storage::tsdb {

struct Inventory {
  std::uint64_t first_segment = 0;  // of the log
  std::uint64_t last_segment = 0;
  std::vector<std::string> tables;  // file names, sorted

  fs::Status save(fs::FileSystem& files, const std::string& path) const;
  // ENOENT where there is none, EBADMSG where it is damaged.
  static fs::Result<Inventory> load(fs::FileSystem& files, const std::string& path);
  bool operator==(const Inventory&) const = default;
};

}  // namespace narthex::storage::tsdb
