// SPDX-License-Identifier: Apache-2.0
// body_encoding.hpp - undoes the Content-Encoding of a push: gzip, or snappy in frames (which HTTP
// has no name for, so the host cannot). Output grows as it is produced, never beyond the limit;
// claimed sizes are not believed. Pure. zlib and snappy live in the .cpp only.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

// Other encodings leave the body as it is, as in the gateway. NX_ERR_EXHAUSTED: longer than
// max_bytes; NX_ERR_INVALID_DATA: not what the encoding says.
Result<std::string> undo_encoding(std::string_view encoding, std::string_view body,
                                  std::uint64_t max_bytes);

}  // namespace narthex::ingest::pushgateway
