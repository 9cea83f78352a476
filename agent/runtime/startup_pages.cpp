// SPDX-License-Identifier: Apache-2.0
#include "runtime/startup_pages.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace narthex::runtime {

namespace {

// Words of /proc/self/pagemap: Documentation/admin-guide/mm/pagemap.rst of Linux.
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::uint64_t kOfFile = std::uint64_t{1} << 61;  // else it is the process's own

class PageMap {
 public:
  PageMap() : file_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}
  ~PageMap() {
    if (file_ >= 0) ::close(file_);
  }
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  std::size_t release(std::uintptr_t begin, std::uintptr_t end) {
    std::size_t released = 0;
    std::array<std::uint64_t, 512> words{};
    for (std::uintptr_t at = begin; at < end;) {
      const std::size_t pages = std::min((end - at) / page_size_, words.size());
      const std::size_t size = pages * sizeof words[0];
      const auto offset = static_cast<off_t>(at / page_size_ * sizeof words[0]);
      if (::pread(file_, words.data(), size, offset) != static_cast<ssize_t>(size)) break;
      released += release_clean(at, {words.data(), pages});
      at += pages * page_size_;
    }
    return released;
  }
  std::uintptr_t page_size() const { return page_size_; }

 private:
  // In runs between the pages that stay.
  std::size_t release_clean(std::uintptr_t begin, std::span<const std::uint64_t> words) const {
    std::size_t released = 0;
    std::size_t first = 0;
    std::size_t present = 0;
    const auto end_run = [&](std::size_t last) {
      void* const at = reinterpret_cast<void*>(begin + first * page_size_);
      if (present > 0 && ::madvise(at, (last - first) * page_size_, MADV_DONTNEED) == 0) {
        released += present * page_size_;
      }
      first = last + 1;
      present = 0;
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
      if ((words[i] & kPresent) == 0) continue;
      if ((words[i] & kOfFile) == 0) {
        end_run(i);
      } else {
        ++present;
      }
    }
    end_run(words.size());
    return released;
  }

  const std::uintptr_t page_size_ = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const int file_;
};

}  // namespace

std::size_t release_startup_pages() {
  struct Walk {
    PageMap map;
    std::size_t released = 0;
  } walk;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* context) {
        Walk& into = *static_cast<Walk*>(context);
        const std::uintptr_t page = into.map.page_size();
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
          const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          into.released += into.map.release(begin / page * page,
                                            (begin + segment.p_memsz + page - 1) / page * page);
        }
        return 0;
      },
      &walk);
  return walk.released;
}

}  // namespace narthex::runtime
