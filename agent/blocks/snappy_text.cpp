// SPDX-License-Identifier: Apache-2.0
#include "blocks/snappy_text.hpp"

#include <snappy.h>

namespace narthex::blocks {

Status snappy_decompress(std::string_view packed, std::size_t max_bytes, std::string& out) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) {
    return invalid_data("not snappy");
  }
  if (size > max_bytes) return {NX_ERR_EXHAUSTED, "larger than it may be once decompressed"};
  // Snappy turns a byte into some twenty at most: a larger claim is a lie.
  if (size / 32 > packed.size()) return invalid_data("damaged snappy");
  out.resize(size);
  if (!snappy::RawUncompress(packed.data(), packed.size(), out.data())) {
    return invalid_data("damaged snappy");
  }
  return Status();
}

std::string snappy_compress(std::string_view text) {
  std::string out;
  snappy::Compress(text.data(), text.size(), &out);
  return out;
}

}  // namespace narthex::blocks
