// SPDX-License-Identifier: Apache-2.0
// chunk.hpp - the payload of one chunk: some 120 samples of one series, compressed. Pure, no files.
// The encodings bit by bit: README.md of this room.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::blocks {

enum class Encoding : std::uint8_t { kNone = 0, kXor = 1, kHistogram = 2, kFloatHistogram = 3 };

// Appends the samples of a chunk to `out`. On failure what was good before the damage may have been
// appended; times that do not ascend are a failure too. Allocates no more than the bytes can hold:
// a sample takes at least two bits.
Status decode_chunk(std::uint8_t encoding, std::string_view data, Samples& out);

struct EncodedChunk {
  Encoding encoding = Encoding::kNone;
  std::int64_t min_t = 0, max_t = 0;
  std::uint32_t samples = 0;
  std::string data;
};

inline constexpr std::size_t kChunkSamplesMax = 120;

// Cuts the samples of a series into chunks of at most kChunkSamplesMax, of one kind and, for
// histograms, of one layout and without a counter reset inside.
// REQUIRES: times ascend.
std::vector<EncodedChunk> encode_chunks(const SampleView& samples);

// What chunk.cpp is made of; one file an encoding.
Status decode_xor(std::string_view data, Samples& out);
Status decode_histograms(std::string_view data, bool is_float, Samples& out);
std::string encode_xor(std::span<const std::int64_t> t, std::span<const double> v);

}  // namespace narthex::blocks
