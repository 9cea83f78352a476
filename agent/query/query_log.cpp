// SPDX-License-Identifier: Apache-2.0
#include "query/query_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace narthex::query {

class QueryLog::File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool write(std::string_view line) {
    return ::write(descriptor_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  }

 private:
  const int descriptor_;
};

Status QueryLog::open(const std::string& path) {
  std::shared_ptr<File> next;
  if (!path.empty()) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor < 0) {
      return io_error("cannot open the query log " + path + ": " + std::strerror(errno));
    }
    next = std::make_shared<File>(descriptor);
  }
  const std::lock_guard lock(mutex_);
  file_ = std::move(next);
  return Status();
}

bool QueryLog::enabled() const {
  const std::lock_guard lock(mutex_);
  return file_ != nullptr;
}

bool QueryLog::write(std::string_view line) {
  std::shared_ptr<File> file;
  {
    const std::lock_guard lock(mutex_);
    file = file_;
  }
  return file == nullptr || file->write(line);
}

}  // namespace narthex::query
