// SPDX-License-Identifier: Apache-2.0
// A whole configuration: the first byte picks the format, the rest is the file.
#include "config/config.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string base = "/dev/shm/narthex-fuzz-" + std::to_string(::getpid());
  const std::string file = base + (data[0] % 2 == 0 ? ".yml" : ".toml");
  std::FILE* out = std::fopen(file.c_str(), "wb");
  if (out == nullptr) std::abort();
  std::fwrite(data + 1, 1, size - 1, out);
  std::fclose(out);
  narthex::config::CommandLine command_line;
  command_line.config_file = file;
  std::vector<narthex::document::Finding> findings;
  const auto config = narthex::config::load(command_line, findings);
  if ((config == nullptr) == findings.empty()) std::abort();
  ::unlink(file.c_str());
  return 0;
}
