// SPDX-License-Identifier: Apache-2.0
// remote_write_frame.cpp - the payload of a frame of the log of rows to send, with the head that it
// should have: what is behind the checksum must not be trusted either. A frame that is read has the
// rows it says, and can be sent.
#include "remote_write/frame.hpp"
#include "remote_write/message.hpp"

#define XXH_INLINE_ALL
#include <snappy.h>
#include <xxhash.h>

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex::remote_write;
  if (size == 0) return 0;
  std::string packed;
  snappy::Compress(reinterpret_cast<const char*>(data) + 1, size - 1, &packed);
  Frame::Head head;
  head.payload_bytes = static_cast<std::uint32_t>(packed.size());
  head.rows = data[0];
  head.check =
      static_cast<std::uint32_t>(XXH3_64bits_withSeed(packed.data(), packed.size(), head.rows));
  Frame frame;
  if (!frame.decode(head, packed).ok()) return 0;
  if (frame.rows() != head.rows) std::abort();
  const SeriesMapper mapper({}, narthex::relabel::Program());
  const TargetSeriesRef series = mapper.map({{"__name__", "up"}});
  std::vector<OutRow> rows;
  for (const auto& h : frame.histograms) rows.push_back({series, h.t, h.start, 0, &h, nullptr, {}});
  for (const auto& e : frame.exemplars) rows.push_back({series, e.t, 0, e.value, nullptr, &e, {}});
  MessageWriter writer;
  (void)writer.version1(rows);
  (void)writer.version2(rows, {});
  return 0;
}
