// SPDX-License-Identifier: Apache-2.0
#include "storage/fs/replace_file.hpp"

namespace narthex::storage::fs {
namespace {

Status write_temporary(FileSystem& files, const std::string& path, ByteView content) {
  auto file = files.open_append(path, OpenMode::kTruncate);
  if (!file.ok()) return file.status();
  const Status written = (*file)->append(content);
  return written.ok() ? (*file)->sync() : written;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status replace_file(FileSystem& files, const std::string& path, ByteView content) {
  const std::string temporary = path + ".tmp";
  Status status = write_temporary(files, temporary, content);
  if (status.ok()) status = files.rename(temporary, path);
  if (!status.ok()) {
    // What is left is overwritten by the next attempt.
    (void)files.unlink(temporary);
    return status;
  }
  return files.sync_directory(folder_of(path));
}

Result<std::vector<std::uint8_t>> read_file(FileSystem& files, const std::string& path,
                                            std::size_t bytes_max) {
  auto file = files.open_read(path);
  if (!file.ok()) return file.status();
  const auto size = (*file)->size();
  if (!size.ok()) return size.status();
  if (*size > bytes_max) return Status(EFBIG, "read", path);
  std::vector<std::uint8_t> content(*size);
  const auto read = (*file)->read_at(0, content);
  if (!read.ok()) return read.status();
  content.resize(*read);
  return content;
}

}  // namespace narthex::storage::fs
