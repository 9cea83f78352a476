// SPDX-License-Identifier: Apache-2.0
// A file for --web.config.file: the first byte picks the format, the rest is the file.
#include "config/web_section.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string base = "/dev/shm/narthex-fuzz-web-" + std::to_string(::getpid());
  const std::string file = base + (data[0] % 2 == 0 ? ".yml" : ".toml");
  std::FILE* out = std::fopen(file.c_str(), "wb");
  if (out == nullptr) std::abort();
  std::fwrite(data + 1, 1, size - 1, out);
  std::fclose(out);
  narthex::net::WebOptions web;
  std::vector<narthex::document::Finding> findings;
  std::vector<narthex::document::Finding> warnings;
  const bool usable = narthex::config::load_web_file(file, web, findings, warnings);
  if (usable == !findings.empty()) std::abort();
  ::unlink(file.c_str());
  return 0;
}
