// SPDX-License-Identifier: Apache-2.0
// point_messages.hpp - the data points of OTLP in protobuf, a message a kind. Source:
// opentelemetry-proto, opentelemetry/proto/metrics/v1/metrics.proto. Pure.
#pragma once

#include "plugins/ingest/otlp/message.hpp"

#include <narthex/sdk/protobuf_reader.hpp>

#include <string_view>

namespace narthex::ingest::otlp {

// Of gauges and sums.
DataPoint read_number_point(std::string_view message, sdk::protobuf::Failure& failure);
DataPoint read_histogram_point(std::string_view message, sdk::protobuf::Failure& failure);
DataPoint read_exponential_point(std::string_view message, sdk::protobuf::Failure& failure);
DataPoint read_summary_point(std::string_view message, sdk::protobuf::Failure& failure);

}  // namespace narthex::ingest::otlp
