// SPDX-License-Identifier: Apache-2.0
#include "blocks/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace narthex::blocks {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

Status cannot_write(const std::string& path, int error) {
  return io_error("cannot write " + path + ": " + std::generic_category().message(error));
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  const int file = path == "-"
                       ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                       : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot_write(path, errno);
  return OutputFile(path, file);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      buffer_(std::move(other.buffer_)),
      size_(other.size_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(buffer_, other.buffer_);
  std::swap(size_, other.size_);
  return *this;
}

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
}

Status OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  size_ += bytes.size();
  return buffer_.size() < kBufferBytes ? Status() : flush();
}

Status OutputFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_write(path_, errno);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return Status();
}

Status OutputFile::close() {
  Status status = flush();
  // Pipes and terminals cannot be synced, and need not be.
  if (status.ok() && fsync(file_) != 0 && errno != EINVAL && errno != EROFS) {
    status = cannot_write(path_, errno);
  }
  if (::close(std::exchange(file_, -1)) != 0 && status.ok()) status = cannot_write(path_, errno);
  return status;
}

}  // namespace narthex::blocks
