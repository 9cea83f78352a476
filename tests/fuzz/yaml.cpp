// SPDX-License-Identifier: Apache-2.0
#include "document_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return narthex::document::fuzz(narthex::document::Format::kYaml, data, size);
}
