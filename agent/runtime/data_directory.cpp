// SPDX-License-Identifier: Apache-2.0
#include "runtime/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace narthex::runtime {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

Status make_folder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  // create_directories says nothing useful where a file is in the way.
  if (std::filesystem::exists(path) && !std::filesystem::is_directory(path)) {
    return io_error("data directory " + path + ": is a file, not a directory");
  }
  if (failed) return io_error("data directory " + path + ": cannot be made: " + failed.message());
  return Status();
}

std::string holder(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = pread(lock, text.data(), text.size() - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                      text[static_cast<std::size_t>(i)] <= '9';
       ++i) {
    pid += text[static_cast<std::size_t>(i)];
  }
  return pid.empty() ? "another process" : "process " + pid;
}

Status write_holder(int lock, const std::string& file) {
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock, 0) != 0 ||
      pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // A full disk must not keep the agent from serving what it has: the lock itself holds.
    if (errno == ENOSPC || errno == EDQUOT) return Status();
    return io_error("data directory: cannot write " + file + ": " + reason(errno));
  }
  return Status();
}

}  // namespace

Result<DataDirectory> DataDirectory::open(const std::string& path) {
  const Status made = make_folder(path);
  if (!made.ok()) return made;
  const std::string file = path + "/lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock < 0) {
    return io_error("data directory " + path + ": cannot be written: " + reason(errno));
  }
  DataDirectory directory(path, lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Status(NX_ERR_ALREADY_EXISTS, "data directory " + path + ": in use by " + holder(lock) +
                                             " (lock file " + file + ")");
  }
  const Status written = write_holder(lock, file);
  if (!written.ok()) return written;
  return directory;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace narthex::runtime
