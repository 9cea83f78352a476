// SPDX-License-Identifier: Apache-2.0
// frames.hpp - the frames of a streamed answer: size (uvarint), CRC-32C of the message (4 bytes,
// big endian), and a prometheus.ChunkedReadResponse, which holds chunks of one series. Pure.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::remote_read {

void append_frame(std::string& out, std::string_view message);

// The samples of a series as chunks, in as many frames as it takes: a frame ends with the chunk
// that makes it pass frame_bytes_max. No samples: no frame.
void append_series(std::string& out, std::uint64_t query_index, std::span<const nx_label> labels,
                   const blocks::SampleView& samples, std::uint64_t frame_bytes_max);

}  // namespace narthex::remote_read
