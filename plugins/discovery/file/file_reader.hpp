// SPDX-License-Identifier: Apache-2.0
// file_reader.hpp - the files of the machine, behind a seam. DiskReader is stateless and
// thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace narthex::file_discovery {

// Changes whenever a file was written or replaced.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

class FileReader {
 public:
  virtual ~FileReader() = default;
  // All paths that match one of the patterns: sorted, unique.
  virtual std::vector<std::string> list(std::span<const std::string> patterns) = 0;
  virtual Result<FileStamp> stamp(const std::string& path) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
};

class DiskReader final : public FileReader {
 public:
  std::vector<std::string> list(std::span<const std::string> patterns) override;
  Result<FileStamp> stamp(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
};

}  // namespace narthex::file_discovery
