// SPDX-License-Identifier: Apache-2.0
// Bytes of a file that calls itself a plugin: read, never loaded.
#include "host/elf_file.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)narthex::host::read_elf({reinterpret_cast<const char*>(data), size}).ok();
  return 0;
}
