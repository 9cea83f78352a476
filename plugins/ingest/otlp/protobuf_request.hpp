// SPDX-License-Identifier: Apache-2.0
// protobuf_request.hpp - an ExportMetricsServiceRequest in protobuf. Pure.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <narthex/sdk/result.hpp>

#include <string_view>

namespace narthex::ingest::otlp {

// NX_ERR_INVALID_DATA on what is no such message.
Result<MetricsRequest> read_protobuf(std::string_view body);

}  // namespace narthex::ingest::otlp
