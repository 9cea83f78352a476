// SPDX-License-Identifier: Apache-2.0
// replace_file.hpp - a small file's whole content, replaced so that every crash leaves either the
// old content or the new.
#pragma once

#include "storage/fs/file_system.hpp"

#include <string>

namespace narthex::storage::fs {

// The folder part of a path; "." where there is none.
std::string folder_of(const std::string& path);

// Writes `path`.tmp, syncs it, renames it over `path`, syncs the folder. After a failure the old
// content stands, except that a failed sync of the folder leaves open which of the two a power cut
// would keep. The temporary file is removed.
Status replace_file(FileSystem& files, const std::string& path, ByteView content);

// All of a file; EFBIG when it is larger than `bytes_max`.
Result<std::vector<std::uint8_t>> read_file(FileSystem& files, const std::string& path,
                                            std::size_t bytes_max);

}  // namespace narthex::storage::fs
