// SPDX-License-Identifier: Apache-2.0
// read_messages.hpp - remote read from the asking side: prometheus.ReadRequest out,
// prometheus.ReadResponse (sampled) in. Pure.
#pragma once

#include "storage/remote/found_series.hpp"

#include <narthex/sdk/result.hpp>
#include <narthex/sdk/storage.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::storage::remote {

// One query, for samples; the options give range and hints.
std::string read_request(sdk::Matchers matchers, const nx_scan_opts& options);
// Adds the series of a decoded body; what is no ReadResponse fails.
Status read_response(std::string_view message, Found& found);
// Snappy, with a bound on what comes out.
Result<std::string> unpack(std::string_view body, std::uint64_t max_bytes);

}  // namespace narthex::storage::remote
