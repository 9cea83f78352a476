// SPDX-License-Identifier: Apache-2.0
// content.hpp - which message the headers of a request announce, and whether it is one that this
// receiver reads: remote write 1.0 or 2.0 in protobuf, packed with snappy. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::remote_write {

enum class Version { kV1, kV2 };

// By the names of their messages.
inline constexpr std::string_view kMessageV1 = "prometheus.WriteRequest";
inline constexpr std::string_view kMessageV2 = "io.prometheus.write.v2.Request";

// Absent headers stand for 1.0 in snappy. NX_ERR_UNSUPPORTED with Prometheus's words otherwise,
// also when the message is none of `accepted`.
Result<Version> check_content(std::string_view content_type, std::string_view content_encoding,
                              const std::vector<std::string>& accepted);

}  // namespace narthex::ingest::remote_write
