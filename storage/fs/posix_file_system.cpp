// SPDX-License-Identifier: Apache-2.0
#include "storage/fs/file_system.hpp"
#include "storage/fs/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace narthex::storage::fs {
namespace {

Status outcome(int result, const char* what, const std::string& path) {
  return result == 0 ? Status() : Status(errno, what, path);
}

int open_flags(OpenMode mode) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND;
  if (mode == OpenMode::kCreate) return flags | O_EXCL;
  return mode == OpenMode::kTruncate ? flags | O_TRUNC : flags;
}

// The lock is the kernel's (flock), so that it ends with its holder; the pid is for the message.
class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

std::string holder_of(int descriptor) {
  char text[32] = {};
  const ssize_t got = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  pid.resize(std::min(pid.find_first_not_of("0123456789"), pid.size()));
  return pid.empty() ? "another process" : "process " + pid;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path, OpenMode mode) override {
    Descriptor descriptor = open_file(path, open_flags(mode));
    if (!descriptor.ok()) return Status(errno, "open", path);
    return std::unique_ptr<AppendFile>(
        std::make_unique<PosixAppendFile>(std::move(descriptor), path));
  }

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override {
    Descriptor descriptor = open_file(path, O_RDONLY);
    if (!descriptor.ok()) return Status(errno, "open", path);
    return std::unique_ptr<ReadableFile>(
        std::make_unique<PosixReadableFile>(std::move(descriptor), path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    return outcome(::rename(from.c_str(), to.c_str()), "rename", from);
  }
  Status link(const std::string& from, const std::string& to) override {
    return outcome(::link(from.c_str(), to.c_str()), "link", to);
  }
  Status unlink(const std::string& path) override {
    return outcome(::unlink(path.c_str()), "remove", path);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
    if (folder == nullptr) return Status(errno, "list", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return Status(errno, "list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0750) == 0) return {};
    const int error = errno;
    struct stat about;
    if (error == EEXIST && ::stat(path.c_str(), &about) == 0) {
      return S_ISDIR(about.st_mode) ? Status() : Status(ENOTDIR, "make folder", path);
    }
    return {error, "make folder", path};
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor folder = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!folder.ok()) return {errno, "open folder", path};
    return outcome(::fsync(folder.number()), "sync folder", path);
  }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs about;
    if (::statvfs(path.c_str(), &about) != 0) return Status(errno, "ask for free space of", path);
    return std::uint64_t{about.f_bavail} * about.f_frsize;
  }

  Result<std::uint64_t> total_bytes(const std::string& path) override {
    struct statvfs about;
    if (::statvfs(path.c_str(), &about) != 0) return Status(errno, "ask for the size of", path);
    return std::uint64_t{about.f_blocks} * about.f_frsize;
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    Descriptor descriptor = open_file(path, O_RDWR | O_CREAT);
    if (!descriptor.ok()) return Status(errno, "open", path);
    if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return Status(errno, "lock", path);
      return Status(EWOULDBLOCK, "lock (held by " + holder_of(descriptor.number()) + ")", path);
    }
    // On a full disk the lock holds without the pid: it only serves a message.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor.number(), 0) == 0) {
      (void)write_all(descriptor.number(),
                      {reinterpret_cast<const std::uint8_t*>(pid.data()), pid.size()}, path);
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(descriptor)));
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem files;
  return files;
}

}  // namespace narthex::storage::fs
