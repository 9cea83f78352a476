// SPDX-License-Identifier: Apache-2.0
// read_response.cpp - what an engine answers to a remote read: the first bit says whether the rest
// is a body as sent or a decoded message. What is taken can be settled and handed out.
#include "storage/remote/found_cursor.hpp"
#include "storage/remote/read_messages.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace narthex;
  using namespace narthex::storage::remote;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result<std::string> unpacked =
      (data[0] & 1) != 0 ? unpack(rest, 1 << 20) : Result<std::string>(std::string(rest));
  if (!unpacked.ok()) return 0;
  auto found = std::make_unique<Found>();
  if (!read_response(*unpacked, *found).ok()) return 0;
  nx_scan_opts options{};
  options.flags = (data[0] & 2) != 0 ? std::uint32_t{NX_SCAN_DROP_STALE} : 0;
  options.mint = INT64_MIN;
  options.maxt = INT64_MAX;
  found->settle(options);
  FoundCursor cursor(std::move(found), options, std::make_shared<SeriesIds>(),
                     std::make_shared<Interrupt>());
  nx_block block{};
  block.struct_size = sizeof block;
  while (cursor.next(block) == NX_OK) {
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      for (std::uint32_t k = block.row0[s] + 1; k < block.row1[s]; ++k) {
        if (block.t[block.off[s] + k - 1] >= block.t[block.off[s] + k]) std::abort();
      }
    }
  }
  return 0;
}
