// SPDX-License-Identifier: Apache-2.0
#include "storage/fs/posix_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace narthex::storage::fs {
namespace {

// The largest count that Linux moves in one call; more is cut short anyway.
constexpr std::size_t kCallMax = std::size_t{1} << 30;

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor open_file(const std::string& path, int flags) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  } while (number < 0 && errno == EINTR);
  return Descriptor(number);
}

Status write_all(int descriptor, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), std::min(bytes.size(), kCallMax));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {errno, "write", path};
    if (written == 0) return {EIO, "write", path};
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status PosixAppendFile::append(ByteView bytes) {
  return write_all(descriptor_.number(), bytes, path_);
}

Status PosixAppendFile::sync() {
  return ::fdatasync(descriptor_.number()) == 0 ? Status() : Status(errno, "sync", path_);
}

Status PosixAppendFile::truncate(std::uint64_t bytes) {
  int result = 0;
  do {
    result = ::ftruncate(descriptor_.number(), static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  return result == 0 ? Status() : Status(errno, "truncate", path_);
}

Status PosixAppendFile::allocate(std::uint64_t bytes) {
  int result = 0;
  do {
    result = ::fallocate(descriptor_.number(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  if (result == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return {errno, "allocate", path_};
}

Result<std::size_t> PosixReadableFile::read_at(std::uint64_t offset,
                                               std::span<std::uint8_t> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(descriptor_.number(), out.data() + done, std::min(out.size() - done, kCallMax),
                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status(errno, "read", path_);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::uint64_t> PosixReadableFile::size() const {
  struct stat about;
  if (::fstat(descriptor_.number(), &about) != 0) return Status(errno, "stat", path_);
  return static_cast<std::uint64_t>(about.st_size);
}

}  // namespace narthex::storage::fs
