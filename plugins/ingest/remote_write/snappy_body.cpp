// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/snappy_body.hpp"

#include <snappy.h>

namespace narthex::ingest::remote_write {
namespace {

// The longest copy element makes 64 bytes out of 3.
constexpr std::uint64_t kGrowthMax = 22;
constexpr std::uint64_t kGrowthSlack = 64;

}  // namespace

Status decode_snappy(std::string_view body, std::uint64_t max_bytes, std::string& out) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return invalid_data("snappy: corrupt input");
  }
  if (size > max_bytes) {
    return {NX_ERR_EXHAUSTED, "snappy: decoded block is too large: " + std::to_string(size) +
                                  " bytes, the limit is " + std::to_string(max_bytes)};
  }
  if (size > body.size() * kGrowthMax + kGrowthSlack) return invalid_data("snappy: corrupt input");
  out.resize(size);
  if (!snappy::RawUncompress(body.data(), body.size(), out.data())) {
    return invalid_data("snappy: corrupt input");
  }
  return Status();
}

}  // namespace narthex::ingest::remote_write
