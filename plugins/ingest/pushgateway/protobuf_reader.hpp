// SPDX-License-Identifier: Apache-2.0
// protobuf_reader.hpp - pushed bodies in protobuf: io.prometheus.client.MetricFamily messages, each
// with its length in front. protozero lives in the .cpp and in protobuf_writer.cpp. Pure.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"

#include <narthex/sdk/result.hpp>

#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

// A name that comes twice: the later family counts, as in the gateway. Exemplars and created
// timestamps are not kept. NX_ERR_INVALID_DATA on what is no such body.
Result<std::vector<Family>> read_delimited(std::string_view body);

// One message. Throws protozero's exceptions; a type that is not known: sdk::Error.
Family read_family(std::string_view message);

}  // namespace narthex::ingest::pushgateway
