// SPDX-License-Identifier: Apache-2.0
#include "net/watched_file.hpp"

#include "net/failure_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace narthex::net {
namespace {

constexpr std::size_t kBytesMax = 4 << 20;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

Result<std::string> WatchedFile::read() {
  const auto failed = [&](std::string_view doing) {
    return io_error("unable to read file " + path_ + ": " + std::string(doing) + " " + path_ +
                    ": " + system_text(errno));
  };
  struct stat info {};
  const auto stamp_of = [&] {
    return Stamp{
        static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
        static_cast<std::int64_t>(info.st_size), info.st_ino};
  };
  if (stat(path_.c_str(), &info) == 0 && stamp_of() == stamp_) return content_;
  const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return failed("open");
  if (fstat(file.number(), &info) != 0) return failed("stat");
  std::string content;
  char piece[4096];
  for (;;) {
    const ssize_t size = ::read(file.number(), piece, sizeof(piece));
    if (size < 0) return failed("read");
    if (size == 0) break;
    content.append(piece, static_cast<std::size_t>(size));
    if (content.size() > kBytesMax) {
      return io_error("unable to read file " + path_ + ": larger than 4 MiB");
    }
  }
  stamp_ = stamp_of();
  content_ = std::move(content);
  return content_;
}

}  // namespace narthex::net
