// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"

NARTHEX_PLUGIN("protocol.prometheus_protobuf", "0.1.0", "Prometheus protobuf exposition format",
               narthex::sdk::Parser<narthex::prometheus_protobuf::ProtobufParser>)
