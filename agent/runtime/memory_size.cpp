// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory_size.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>

namespace narthex::runtime {

namespace {

// The path of the process's group: "0::/a/b" in the unified hierarchy, "4:memory:/a/b" in one of
// its own.
std::string group_of(const std::string& root, const std::string& controllers) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controllers) return line.substr(second + 1);
  }
  return "";
}

// A file with a number of bytes; "max" and no file at all bound nothing.
std::uint64_t bound_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  file >> text;
  std::uint64_t bytes = UINT64_MAX;
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc()) {
    return UINT64_MAX;
  }
  return bytes == 0 ? UINT64_MAX : bytes;
}

// Of a group and all above it.
std::uint64_t bound_of(const std::string& base, std::string group, const std::string& name) {
  std::uint64_t least = UINT64_MAX;
  for (;;) {
    least = std::min(least, bound_in(base + group + '/' + name));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return least;
    group.resize(slash);
  }
}

}  // namespace

std::uint64_t memory_limit_bytes(const std::string& root, std::uint64_t physical_bytes) {
  const std::string base = root + "/sys/fs/cgroup";
  return std::min({physical_bytes, bound_of(base, group_of(root, ""), "memory.max"),
                   bound_of(base + "/memory", group_of(root, "memory"), "memory.limit_in_bytes")});
}

std::uint64_t memory_limit_bytes() {
  const auto pages = static_cast<std::uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 1L));
  const auto page_bytes = static_cast<std::uint64_t>(std::max(sysconf(_SC_PAGESIZE), 1L));
  return memory_limit_bytes("", pages * page_bytes);
}

}  // namespace narthex::runtime
