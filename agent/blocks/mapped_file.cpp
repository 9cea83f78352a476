// SPDX-License-Identifier: Apache-2.0
#include "blocks/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

namespace narthex::blocks {

namespace {

Status cannot_read(const std::string& path, int error) {
  return {error == ENOENT ? NX_ERR_NOT_FOUND : NX_ERR_IO,
          "cannot read " + path + ": " + std::generic_category().message(error)};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return cannot_read(path, errno);
  struct stat facts {};
  if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    const int error = S_ISREG(facts.st_mode) ? errno : EISDIR;
    close(file);
    return cannot_read(path, error);
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* data = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  close(file);
  if (data == MAP_FAILED) return cannot_read(path, error);
  return MappedFile(path, {static_cast<const char*>(data), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

Result<std::string> read_small_file(const std::string& path, std::size_t max_bytes) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) return file.status();
  if (file->bytes().size() > max_bytes) {
    return Status(NX_ERR_EXHAUSTED,
                  path + " is larger than " + std::to_string(max_bytes) + " bytes");
  }
  return std::string(file->bytes());
}

}  // namespace narthex::blocks
