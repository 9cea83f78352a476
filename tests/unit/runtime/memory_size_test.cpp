// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory_size.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace narthex;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("without a control group the machine's memory counts", "[runtime]") {
  const test::TemporaryFolder root;
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == 8 * kGiB);
  CHECK(runtime::memory_limit_bytes() > 0);
}

TEST_CASE("a unified group and those above it bound the memory", "[runtime]") {
  const test::TemporaryFolder root;
  const std::string base = root.path() + "/sys/fs/cgroup";
  write(root.path() + "/proc/self/cgroup", "0::/system.slice/narthex.service\n");
  write(base + "/system.slice/narthex.service/memory.max", "max\n");
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == 8 * kGiB);
  write(base + "/system.slice/memory.max", std::to_string(2 * kGiB) + "\n");
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == 2 * kGiB);
  write(base + "/system.slice/narthex.service/memory.max", std::to_string(kGiB) + "\n");
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == kGiB);
  write(base + "/system.slice/narthex.service/memory.max", "nonsense\n");
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == 2 * kGiB);
}

TEST_CASE("a group of the older hierarchy bounds the memory", "[runtime]") {
  const test::TemporaryFolder root;
  write(root.path() + "/proc/self/cgroup", "5:devices:/\n4:memory:/box\n0::/\n");
  write(root.path() + "/sys/fs/cgroup/memory/box/memory.limit_in_bytes",
        std::to_string(3 * kGiB) + "\n");
  CHECK(runtime::memory_limit_bytes(root.path(), 8 * kGiB) == 3 * kGiB);
  CHECK(runtime::memory_limit_bytes(root.path(), kGiB) == kGiB);
}
