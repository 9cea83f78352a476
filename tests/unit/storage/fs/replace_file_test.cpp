// SPDX-License-Identifier: Apache-2.0
#include "storage/fs/replace_file.hpp"
#include "support/faulty_fs.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

namespace narthex::storage::fs {
namespace {

using test::Call;
using test::FaultyFileSystem;

const std::vector<std::uint8_t> kOld = {1, 2, 3};
const std::vector<std::uint8_t> kNew = {4, 5, 6, 7};

TEST_CASE("a replaced file is whole after every fault and power cut", "[fs]") {
  for (int n = 1;; ++n) {
    FaultyFileSystem files;
    REQUIRE(replace_file(files, "d/a", kOld).ok());
    files.fail_any(n, EIO);
    const bool ok = replace_file(files, "d/a", kNew).ok();
    const bool fired = files.fired();
    REQUIRE(ok != fired);
    files.heal();
    files.power_cut();
    const auto content = read_file(files, "d/a", 100);
    REQUIRE(content.ok());
    REQUIRE(*content == (ok ? kNew : kOld));
    if (!fired) break;
    REQUIRE(n < 20);
  }
}

TEST_CASE("the POSIX file system does what the seam says", "[fs]") {
  std::string folder = (std::filesystem::temp_directory_path() / "narthex_fs_XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  FileSystem& files = posix_file_system();
  const std::string a = folder + "/a";
  REQUIRE(replace_file(files, a, kOld).ok());
  {
    auto file = files.open_append(a, OpenMode::kAppend);
    REQUIRE(file.ok());
    REQUIRE((*file)->allocate(1 << 20).ok());
    REQUIRE((*file)->append(kNew).ok());
    REQUIRE((*file)->sync().ok());
    REQUIRE((*file)->truncate(5).ok());
  }
  REQUIRE(*read_file(files, a, 100) == std::vector<std::uint8_t>{1, 2, 3, 4, 5});
  REQUIRE(read_file(files, a, 4).status().error() == EFBIG);
  REQUIRE(files.open_append(a, OpenMode::kCreate).status().error() == EEXIST);
  REQUIRE(files.open_read(folder + "/none").status().error() == ENOENT);
  REQUIRE(files.link(a, folder + "/b").ok());
  REQUIRE(files.link(a, folder + "/b").error() == EEXIST);
  REQUIRE(*files.list(folder) == std::vector<std::string>{"a", "b"});
  REQUIRE(files.make_directory(folder).ok());
  REQUIRE(files.make_directory(a).error() == ENOTDIR);
  REQUIRE(*files.free_bytes(folder) > 0);
  {
    const auto held = files.lock(folder + "/lock");
    REQUIRE(held.ok());
    const auto second = files.lock(folder + "/lock");
    REQUIRE(second.status().error() == EWOULDBLOCK);
    REQUIRE(second.status().message().find("held by process ") != std::string::npos);
  }
  REQUIRE(files.lock(folder + "/lock").ok());
  REQUIRE(files.unlink(a).ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace narthex::storage::fs
