// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/file_reader.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace narthex::file_discovery {
namespace {

constexpr std::size_t kFileBytesMax = 16 << 20;

Status failure(const std::string& path, const char* what) {
  const int code = errno;
  return io_error(std::string(what) + ' ' + path + ": " +
                  std::error_code(code, std::generic_category()).message());
}

std::int64_t to_ns(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::vector<std::string> DiskReader::list(std::span<const std::string> patterns) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    glob_t found{};
    if (::glob(pattern.c_str(), GLOB_PERIOD, nullptr, &found) == 0) {
      paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

Result<FileStamp> DiskReader::stamp(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return failure(path, "stat");
  return FileStamp{info.st_ino, static_cast<std::uint64_t>(info.st_size), to_ns(info.st_mtim),
                   to_ns(info.st_ctim)};
}

Result<std::string> DiskReader::read(const std::string& path) {
  const Descriptor file(path);
  if (file.get() < 0) return failure(path, "open");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return failure(path, "stat");
  if (!S_ISREG(info.st_mode)) return io_error("read " + path + ": not a regular file");
  std::string text;
  char piece[64 << 10];
  while (true) {
    const ssize_t size = ::read(file.get(), piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure(path, "read");
    if (size == 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
    if (text.size() > kFileBytesMax) return io_error("read " + path + ": larger than 16 MiB");
  }
}

}  // namespace narthex::file_discovery
