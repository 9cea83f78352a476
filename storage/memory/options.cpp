// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/options.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include <unistd.h>

namespace narthex::storage::memory {
namespace {

constexpr std::int64_t kAtLeast = std::int64_t{64} << 20;

// The limit of the control group (version 2); "max" and absence mean none.
std::int64_t group_limit() {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  std::int64_t limit = 0;
  return file >> limit && limit > 0 ? limit : INT64_MAX;
}

}  // namespace

std::int64_t default_max_bytes() {
  const std::int64_t ram = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) *
                           static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
  return std::max(std::min(ram, group_limit()) / 4, kAtLeast);
}

}  // namespace narthex::storage::memory
