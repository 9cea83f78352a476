// SPDX-License-Identifier: Apache-2.0
// data_directory.hpp - makes, checks and locks the data directory: one process at a time, whatever
// the storage backend. The lock is flock on the file "lock", which names its holder's pid; it goes
// with the process, so a stale file never keeps anybody out.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::runtime {

class DataDirectory {
 public:
  // Creates the folder where it is missing. The message is one line: what, where, who holds it.
  static Result<DataDirectory> open(const std::string& path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  ~DataDirectory();  // unlocks

  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;  // file descriptor
};

}  // namespace narthex::runtime
