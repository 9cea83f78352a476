// SPDX-License-Identifier: Apache-2.0
// elf_file.hpp - what an ELF file says about itself without being loaded: the note of a Narthex
// plugin (id, version, ABI), its build id, and the symbols it exports. Pure reading of bytes that
// nobody has vouched for: every offset is checked, nothing is executed. Thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct ElfFacts {
  bool has_note = false;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string id;
  std::string version;
  std::string build_id;              // hexadecimal; empty: none
  std::vector<std::string> exports;  // defined dynamic symbols, at most 64
};

// NX_ERR_INVALID_DATA when bytes are not a 64-bit little-endian ELF file or contradict themselves.
Result<ElfFacts> read_elf(std::string_view bytes);
Result<ElfFacts> read_elf_file(const std::string& path);

}  // namespace narthex::host
