// SPDX-License-Identifier: Apache-2.0
// compression.hpp - gzip (RFC 1952), deflate and zstd, with a bound on what comes out. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

// Inflates a whole body. encoding: "gzip", "x-gzip", "deflate", "zstd", "identity" or empty; others
// are NX_ERR_UNSUPPORTED. More than max_bytes: NX_ERR_EXHAUSTED, without having allocated more.
// Claimed sizes in the data are never believed: the output grows as it is produced.
Result<std::string> decompress(std::string_view encoding, std::string_view body,
                               std::uint64_t max_bytes);

// gzip at a fast level.
std::string gzip(std::string_view body);

// gzip of a body that comes in pieces. Not thread-safe.
class GzipWriter {
 public:
  GzipWriter();
  ~GzipWriter();
  // Compressed bytes, possibly none yet. `last` ends the member.
  std::string write(std::string_view piece, bool last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace narthex::net
