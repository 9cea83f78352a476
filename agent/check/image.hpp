// SPDX-License-Identifier: Apache-2.0
// image.hpp - what the dynamic linker will make of an ELF file: stack, RELRO, relocations,
// libraries. Pure reading of bytes that nobody has vouched for; nothing is loaded.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::check {

struct ImageFacts {
  bool executable_stack = false;
  bool relro = false;
  bool text_relocations = false;
  std::vector<std::string> needed;  // DT_NEEDED
};

Result<ImageFacts> read_image(std::string bytes);
Result<ImageFacts> read_image_file(const std::string& path);
// Of the C and C++ runtime, so that every machine has it.
bool is_system_library(std::string_view name);

}  // namespace narthex::check
