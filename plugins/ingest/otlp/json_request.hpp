// SPDX-License-Identifier: Apache-2.0
// json_request.hpp - an ExportMetricsServiceRequest in JSON: names in lowerCamelCase or as in the
// protobuf file, 64-bit integers as numbers or text, enums by number or name, ids in hexadecimal.
// The host's parser has made a tree of it. Pure.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <narthex/sdk/value.hpp>

namespace narthex::ingest::otlp {

// Throws sdk::Error with NX_ERR_INVALID_DATA where a member is not of its type.
MetricsRequest read_json(sdk::Value root);

}  // namespace narthex::ingest::otlp
