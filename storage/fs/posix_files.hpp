// SPDX-License-Identifier: Apache-2.0
// posix_files.hpp - files as POSIX has them: the parts of posix_file_system().
#pragma once

#include "storage/fs/file_system.hpp"

#include <string>

namespace narthex::storage::fs {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

// open(2), close-on-exec, again when interrupted; errno is set where it fails.
Descriptor open_file(const std::string& path, int flags);
Status write_all(int descriptor, ByteView bytes, const std::string& path);

class PosixAppendFile final : public AppendFile {
 public:
  PosixAppendFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Status append(ByteView bytes) override;
  Status sync() override;
  Status truncate(std::uint64_t bytes) override;
  Status allocate(std::uint64_t bytes) override;

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override;
  Result<std::uint64_t> size() const override;

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

}  // namespace narthex::storage::fs
