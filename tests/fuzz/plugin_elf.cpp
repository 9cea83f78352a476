// SPDX-License-Identifier: Apache-2.0
// Bytes of a file that calls itself a plugin: read, never loaded.
#include "check/image.hpp"
#include "host/elf_file.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)narthex::host::read_elf(bytes).ok();
  (void)narthex::check::read_image(std::string(bytes)).ok();
  return 0;
}
