// SPDX-License-Identifier: Apache-2.0
// A state file as it lies on the disk. What decodes must encode to the same bytes again.
#include "host/value_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  narthex::sdk::TreeArena arena;
  const auto value = narthex::host::decode_value(input, arena);
  if (!value.ok()) return 0;
  const auto again = narthex::host::encode_value(*value);
  if (!again.ok() || *again != input) std::abort();
  return 0;
}
