// SPDX-License-Identifier: Apache-2.0
#include "remote_read/frames.hpp"

#include "blocks/chunk.hpp"
#include "blocks/crc32c.hpp"

#include <narthex/sdk/prompb.hpp>

namespace narthex::remote_read {

namespace {

namespace protobuf = sdk::protobuf;

std::string chunk_message(const blocks::EncodedChunk& chunk) {
  std::string message;
  protobuf::int64(message, 1, chunk.min_t);
  protobuf::int64(message, 2, chunk.max_t);
  protobuf::number(message, 3, static_cast<std::uint64_t>(chunk.encoding));
  protobuf::bytes(message, 4, chunk.data);
  return message;
}

void append_chunks(std::string& out, std::uint64_t query_index, std::string_view series) {
  std::string message;
  protobuf::bytes(message, 1, series);
  if (query_index != 0) protobuf::number(message, 2, query_index);
  append_frame(out, message);
}

}  // namespace

void append_frame(std::string& out, std::string_view message) {
  protobuf::put_varint(out, message.size());
  const std::uint32_t crc = blocks::crc32c(message);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift);
  out += message;
}

void append_series(std::string& out, std::uint64_t query_index, std::span<const nx_label> labels,
                   const blocks::SampleView& samples, std::uint64_t frame_bytes_max) {
  std::string head;
  for (const nx_label& l : labels) sdk::prompb::label(head, 1, view(l.name), view(l.value));
  std::string series = head;
  for (const blocks::EncodedChunk& chunk : blocks::encode_chunks(samples)) {
    protobuf::bytes(series, 2, chunk_message(chunk));
    if (series.size() < frame_bytes_max) continue;
    append_chunks(out, query_index, series);
    series = head;
  }
  if (series.size() > head.size()) append_chunks(out, query_index, series);
}

}  // namespace narthex::remote_read
