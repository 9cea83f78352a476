// SPDX-License-Identifier: Apache-2.0
// table_frame.hpp - looks at footer and index of a LevelDB table before LevelDB does, which would
// allocate whatever sizes they name. Pure but for reading the file.
#pragma once

#include "storage/fs/file_system.hpp"

#include <cstddef>

namespace narthex::storage::partition {

inline constexpr std::size_t kFooterSize = 48;
inline constexpr std::size_t kBlockTrailerSize = 5;  // type, checksum

// OK: the footer's and the index's blocks are all within the file. EBADMSG: they are not.
fs::Status check_frame(const fs::ReadableFile& file, const std::string& path);

}  // namespace narthex::storage::partition
