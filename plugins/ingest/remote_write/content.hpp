// SPDX-License-Identifier: Apache-2.0
// content.hpp - whether the headers of a request say what this receiver reads: remote write 1.0 in
// protobuf, packed with snappy. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string_view>

namespace narthex::ingest::remote_write {

// Absent headers stand for the right ones. NX_ERR_UNSUPPORTED with Prometheus's words otherwise.
Status check_content(std::string_view content_type, std::string_view content_encoding);

}  // namespace narthex::ingest::remote_write
