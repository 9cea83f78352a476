// SPDX-License-Identifier: Apache-2.0
// partial_success.hpp - an ExportMetricsServiceResponse: how many data points were not taken, and
// why. With none rejected it is the empty message. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::ingest::otlp {

std::string partial_success_protobuf(std::uint64_t rejected, std::string_view reason);
std::string partial_success_json(std::uint64_t rejected, std::string_view reason);

}  // namespace narthex::ingest::otlp
