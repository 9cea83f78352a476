// SPDX-License-Identifier: Apache-2.0
// proc_file.hpp - a file of procfs or sysfs that is read again and again: its descriptor and its
// buffer are kept, a read is one or two pread() calls. Lives on the thread of its collector.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::exporter_node {

class ProcFile {
 public:
  explicit ProcFile(std::string path) : path_(std::move(path)) {}
  ~ProcFile();
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  // The whole text; it stays good until the next read. A file that went away is opened anew.
  Result<std::string_view> read();
  // The same, at most once a round: two collectors may share one reading.
  Result<std::string_view> read_once(std::uint64_t round);
  const std::string& path() const noexcept { return path_; }

 private:
  Status fill();
  void close_file() noexcept;

  const std::string path_;
  int fd_ = -1;
  std::string buffer_;
  std::size_t size_ = 0;
  std::uint64_t round_ = 0;
};

// For files that are read once.
Result<std::string> read_whole_file(const std::string& path);

}  // namespace narthex::exporter_node
