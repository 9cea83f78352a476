// SPDX-License-Identifier: Apache-2.0
// protobuf_writer.hpp - a family as an io.prometheus.client.MetricFamily message: what
// protobuf_reader reads, bit for bit the same values. Pure.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"

#include <string>

namespace narthex::ingest::pushgateway {

std::string write_family(const Family& family);

}  // namespace narthex::ingest::pushgateway
