// SPDX-License-Identifier: Apache-2.0
// module_map.hpp - which file an address of this process belongs to, known before anything goes
// wrong: a signal handler cannot ask the dynamic linker. Entries are added when files are loaded
// and stay for ever, as the files do. Adding: thread-safe. Looking up: async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace narthex::host {

// Texts are cut to their arrays and end with 0.
struct MappedModule {
  std::uintptr_t begin = 0, end = 0;  // addresses of the file's segments, end excluded
  std::uintptr_t base = 0;            // what offsets count from
  char file[96] = {};                 // without its folder
  char plugin[96] = {};               // id; empty: no plugin
  char build_id[48] = {};             // of a plugin, hexadecimal
};

// Notes down the program and every library that is loaded and not known yet.
void map_modules();
// The same, and that the file which holds `address` is a plugin.
void map_plugin(const void* address, std::string_view id, std::string_view build_id);

// Null: nothing that is known.
const MappedModule* module_of(std::uintptr_t address) noexcept;
// The newest file of a plugin.
const MappedModule* module_of_plugin(const char* id) noexcept;

}  // namespace narthex::host
