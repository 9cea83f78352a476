// SPDX-License-Identifier: Apache-2.0
// snappy_body.hpp - undoes the snappy block format of a request body. The claimed length is checked
// against the limit, and against what so few bytes can hold at all, before anything is allocated.
// Pure. snappy lives in the .cpp only.
#pragma once

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::ingest::remote_write {

// Puts the decoded bytes into out, whose memory is used again. Too long: NX_ERR_EXHAUSTED; not a
// snappy block: NX_ERR_INVALID_DATA.
Status decode_snappy(std::string_view body, std::uint64_t max_bytes, std::string& out);

}  // namespace narthex::ingest::remote_write
