// SPDX-License-Identifier: Apache-2.0
// group_record.hpp - a group as the bytes of its file: "NXPUSH1\n", the CRC32C of what follows
// (little endian), then a protobuf message with the key's labels (1: {1 name, 2 value}) and the
// families (2: {1 ms since 1970 as sint64, 2 io.prometheus.client.MetricFamily}). Pure.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <string_view>

namespace narthex::ingest::pushgateway {

std::string encode_group(const Group& group);

// The id is the caller's to set. NX_ERR_INVALID_DATA: not such a record, or a damaged one.
Result<Group> decode_group(std::string_view bytes);

}  // namespace narthex::ingest::pushgateway
