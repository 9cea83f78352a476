// SPDX-License-Identifier: Apache-2.0
// mapped_file.hpp - a file that is read in place. Immutable. The files of a server that runs must
// not be mapped while it may cut them short: readers are for finished blocks, snapshots, and data
// directories whose server has ended.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::blocks {

class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, std::string_view bytes) : path_(std::move(path)), bytes_(bytes) {}
  std::string path_;
  std::string_view bytes_;
};

// A whole small file, at most `max_bytes`.
Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes);

}  // namespace narthex::blocks
