// SPDX-License-Identifier: Apache-2.0
// Compressed bodies: nothing larger than the bound comes out, whatever goes in.
#include "net/compression.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kEncodings[] = {"gzip", "deflate", "zstd", "identity"};
  constexpr std::uint64_t kMax = 1 << 20;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto result = narthex::net::decompress(kEncodings[data[0] % 4], body, kMax);
  if (result.ok() && result->size() > kMax) std::abort();
  return 0;
}
