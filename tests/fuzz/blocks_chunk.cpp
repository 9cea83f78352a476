// SPDX-License-Identifier: Apache-2.0
// blocks_chunk.cpp - the first byte says the encoding, the rest is the payload of a chunk. What can
// be decoded is encoded again and must come back the same.
#include "blocks/chunk.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace narthex::blocks {
namespace {

bool same_floats(const SampleView& a, const SampleView& b) {
  return std::equal(a.t.begin(), a.t.end(), b.t.begin(), b.t.end()) &&
         std::equal(a.v.begin(), a.v.end(), b.v.begin(), b.v.end(), [](double x, double y) {
           return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
         });
}

void run_chunk(std::uint8_t encoding, std::string_view data) {
  Samples samples;
  const Status status = decode_chunk(encoding, data, samples);
  if (samples.size() > 65'535) std::abort();
  Samples again;
  for (const EncodedChunk& chunk : encode_chunks(samples.view())) {
    const auto kind = static_cast<std::uint8_t>(chunk.encoding);
    if (!decode_chunk(kind, chunk.data, again).ok()) std::abort();
  }
  if (!same_floats(samples.view(), again.view())) std::abort();
  (void)status.ok();
}

}  // namespace
}  // namespace narthex::blocks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  narthex::blocks::run_chunk(data[0] % 5, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
