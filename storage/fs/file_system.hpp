// SPDX-License-Identifier: Apache-2.0
// file_system.hpp - the one seam between storage and the operating system's files.
//
// Everything that storage writes or reads goes through it, so that tests/support/faulty_fs.hpp can
// fail any call, run out of space, or cut the power. No call throws but for memory. What a call has
// done is durable only after sync() of the file and, for names, sync_directory() of the folder.
//
// Threads: a FileSystem and a ReadableFile may be used from many threads at once. An AppendFile is
// written by one thread at a time; sync() may run beside append() and covers at least what was
// appended before it began.
#pragma once

#include "storage/fs/status.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::storage::fs {

using ByteView = std::span<const std::uint8_t>;

// A file that grows at its end. Closing, which the destructor does, makes nothing durable.
class AppendFile {
 public:
  virtual ~AppendFile() = default;

  // Writes all of it at the end. After a failure any part of it may be in the file.
  virtual Status append(ByteView bytes) = 0;
  // fdatasync. After a failure the kernel may have dropped what was written since the last success,
  // and a second call may claim success: never call it again, never trust the file's tail.
  virtual Status sync() = 0;
  // Cuts the file and gives up what was allocated beyond; the next append goes there.
  virtual Status truncate(std::uint64_t bytes) = 0;
  // Takes disk space for the first `bytes` bytes without changing the size. Where the file system
  // cannot do that, it is OK and does nothing.
  virtual Status allocate(std::uint64_t bytes) = 0;
};

// A file that is read at any place.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  // Reads up to out.size() bytes; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
  virtual Result<std::uint64_t> size() const = 0;
};

// Holds a lock until it is destroyed. The file stays.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode {
  kCreate,  // must not exist
  kTruncate,
  kAppend  // created when missing
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<AppendFile>> open_append(const std::string& path,
                                                          OpenMode mode) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) = 0;
  // Replaces `to`, atomically.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // A second name for the same file; fails where `to` exists.
  virtual Status link(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& path) = 0;
  // Names in a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  // OK when it is there already. Its parent must exist.
  virtual Status make_directory(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  // Bytes that this user may still write.
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  // Bytes that the file system has in all.
  virtual Result<std::uint64_t> total_bytes(const std::string& path) = 0;
  // Takes an advisory lock on a file, created when missing, and writes this process's id into it.
  // EWOULDBLOCK when another holds it; the message names the holder's pid. A lock of a process
  // that has died is no lock.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// The real one. Lives as long as the process.
FileSystem& posix_file_system();

}  // namespace narthex::storage::fs
