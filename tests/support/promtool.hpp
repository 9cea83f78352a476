// SPDX-License-Identifier: Apache-2.0
// promtool.hpp - runs promtool of the machine, where there is one.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

namespace narthex::test {

inline bool has_promtool() { return std::filesystem::exists("/usr/bin/promtool"); }

// What it prints; arguments are quoted by the caller.
inline std::string promtool(const std::string& arguments) {
  std::string out;
  FILE* pipe = popen(("/usr/bin/promtool " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> bytes{};
  for (std::size_t size; (size = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    out.append(bytes.data(), size);
  }
  pclose(pipe);
  return out;
}

}  // namespace narthex::test
