// SPDX-License-Identifier: Apache-2.0
// protobuf_reader.hpp - pushed bodies in protobuf: io.prometheus.client.MetricFamily messages, each
// with its length in front. Pure.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"

#include <narthex/sdk/protobuf_reader.hpp>
#include <narthex/sdk/result.hpp>

#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

// A name that comes twice: the later family counts, as in the gateway. Exemplars and created
// timestamps are not kept. NX_ERR_INVALID_DATA on what is no such body.
Result<std::vector<Family>> read_delimited(std::string_view body);

// One message. A type that is not known is a failure, too.
Family read_family(std::string_view message, sdk::protobuf::Failure& failure);

}  // namespace narthex::ingest::pushgateway
