// SPDX-License-Identifier: Apache-2.0
// watched_file.hpp - a small file whose content may change: read again whenever its stamp did.
// Not thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>

namespace narthex::net {

class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  // The content; "unable to read file PATH: open PATH: no such file or directory" otherwise.
  Result<std::string> read();
  const std::string& path() const { return path_; }

 private:
  struct Stamp {
    std::int64_t modified_ns = -1;
    std::int64_t size = -1;
    std::uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  std::string path_;
  Stamp stamp_;
  std::string content_;
};

}  // namespace narthex::net
