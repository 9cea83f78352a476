// SPDX-License-Identifier: Apache-2.0
#include "runtime/startup_pages.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace narthex;

namespace {

std::size_t file_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stoul(line.substr(8));
  }
  return 0;
}

}  // namespace

TEST_CASE("pages that only starting needed are given back, and come back when used", "[runtime]") {
  const std::size_t before = file_kilobytes();
  const std::size_t released = runtime::release_startup_pages();
  const std::size_t after = file_kilobytes();
  CHECK(released > 0);
  CHECK(after < before);
  // Code, constants and tables of exceptions are there when they are wanted.
  CHECK_THROWS_AS(std::stoul("none"), std::invalid_argument);
}
