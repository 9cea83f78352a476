// SPDX-License-Identifier: Apache-2.0
#include "runtime/data_directory.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using narthex::runtime::DataDirectory;

namespace {

struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "narthex-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("a data directory is made where it is missing", "[runtime]") {
  const TemporaryFolder folder;
  const auto directory = DataDirectory::open(folder.path + "/a/b");
  REQUIRE(directory.ok());
  CHECK(std::filesystem::is_directory(folder.path + "/a/b"));
}

TEST_CASE("a second holder is refused and told who the first is", "[runtime]") {
  const TemporaryFolder folder;
  const auto first = DataDirectory::open(folder.path);
  REQUIRE(first.ok());
  const auto second = DataDirectory::open(folder.path);
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(second.status().message(),
             Catch::Contains("in use by process " + std::to_string(getpid())));
}

TEST_CASE("the lock goes with its holder, a stale file keeps nobody out", "[runtime]") {
  const TemporaryFolder folder;
  { REQUIRE(DataDirectory::open(folder.path).ok()); }
  std::ofstream(folder.path + "/lock") << "1\n";
  CHECK(DataDirectory::open(folder.path).ok());
}

TEST_CASE("a file in place of the directory is named", "[runtime]") {
  const TemporaryFolder folder;
  std::ofstream(folder.path + "/file") << "x";
  const auto directory = DataDirectory::open(folder.path + "/file");
  REQUIRE_FALSE(directory.ok());
  CHECK_THAT(directory.status().message(), Catch::Contains("is a file, not a directory"));
}
