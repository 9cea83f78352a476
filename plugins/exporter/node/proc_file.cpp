// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace narthex::exporter_node {
namespace {

constexpr std::size_t kBufferStartBytes = 4096;
constexpr std::size_t kBufferMaxBytes = 16u << 20;

Status failure(const char* what, const std::string& path, int error) {
  const nx_status code = error == ENOENT   ? NX_ERR_NOT_FOUND
                         : error == EACCES ? NX_ERR_PERMISSION
                                           : NX_ERR_IO;
  return {code, std::string("cannot ") + what + " " + path + ": " + std::strerror(error)};
}

}  // namespace

ProcFile::~ProcFile() { close_file(); }

void ProcFile::close_file() noexcept {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Status ProcFile::fill() {
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return failure("open", path_, errno);
  size_ = 0;
  if (buffer_.empty()) buffer_.resize(kBufferStartBytes);
  while (true) {
    const ssize_t n =
        pread(fd_, buffer_.data() + size_, buffer_.size() - size_, static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("read", path_, errno);
    if (n == 0) return Status();
    size_ += static_cast<std::size_t>(n);
    if (size_ < buffer_.size()) continue;
    if (size_ >= kBufferMaxBytes) return {NX_ERR_INVALID_DATA, path_ + " is larger than 16 MiB"};
    buffer_.resize(buffer_.size() * 2);
  }
}

Result<std::string_view> ProcFile::read() {
  Status status = fill();
  if (!status.ok()) {
    // The device behind a descriptor may be a new one by now.
    close_file();
    status = fill();
  }
  if (!status.ok()) {
    close_file();
    return status;
  }
  return std::string_view(buffer_.data(), size_);
}

Result<std::string_view> ProcFile::read_once(std::uint64_t round) {
  if (round_ == round && fd_ >= 0) return std::string_view(buffer_.data(), size_);
  round_ = round;
  return read();
}

Result<std::string> read_whole_file(const std::string& path) {
  ProcFile file(path);
  const Result<std::string_view> text = file.read();
  if (!text.ok()) return text.status();
  return std::string(*text);
}

}  // namespace narthex::exporter_node
