// SPDX-License-Identifier: Apache-2.0
#include "blocks/chunk.hpp"

#include "blocks/histogram_encoder.hpp"

#include <algorithm>

namespace narthex::blocks {

namespace {

EncodedChunk encode_floats(const SampleView& samples, std::size_t first, std::size_t count) {
  EncodedChunk chunk;
  chunk.encoding = Encoding::kXor;
  chunk.min_t = samples.t[first];
  chunk.max_t = samples.t[first + count - 1];
  chunk.samples = static_cast<std::uint32_t>(count);
  chunk.data = encode_xor(samples.t.subspan(first, count), samples.v.subspan(first, count));
  return chunk;
}

bool is_histogram(const SampleView& samples, std::size_t row) {
  return !samples.h.empty() && samples.h[row] != NX_NONE;
}

// The end of the run of equal kind that begins at `first`.
std::size_t end_of_run(const SampleView& samples, std::size_t first) {
  const bool histogram = is_histogram(samples, first);
  std::size_t end = first + 1;
  while (end < samples.size() && end - first < kChunkSamplesMax &&
         is_histogram(samples, end) == histogram) {
    ++end;
  }
  return end;
}

}  // namespace

Status decode_chunk(std::uint8_t encoding, std::string_view data, Samples& out) {
  switch (encoding) {
    case 1:
      return decode_xor(data, out);
    case 2:
      return decode_histograms(data, false, out);
    case 3:
      return decode_histograms(data, true, out);
    default:
      return {NX_ERR_UNSUPPORTED, "chunk encoding " + std::to_string(encoding) + " is not known"};
  }
}

std::vector<EncodedChunk> encode_chunks(const SampleView& samples) {
  std::vector<EncodedChunk> chunks;
  for (std::size_t at = 0; at < samples.size();) {
    const std::size_t end = end_of_run(samples, at);
    if (!is_histogram(samples, at)) {
      chunks.push_back(encode_floats(samples, at, end - at));
      at = end;
      continue;
    }
    HistogramEncoder encoder;
    for (; at < end && encoder.add(samples.t[at], samples.hists[samples.h[at]]); ++at) {
    }
    chunks.push_back(encoder.finish());
  }
  return chunks;
}

}  // namespace narthex::blocks
