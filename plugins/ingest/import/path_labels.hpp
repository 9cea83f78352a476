// SPDX-License-Identifier: Apache-2.0
// path_labels.hpp - labels in a path, as Pushgateway has them: job/a/instance/b, and with a value
// in base64 (URL alphabet, padding or not) job@base64/YQ. Pure.
#pragma once

#include <narthex/sdk/line_ingest.hpp>
#include <narthex/sdk/result.hpp>

#include <string_view>

namespace narthex::ingest::import {

Result<sdk::OwnedLabels> parse_path_labels(std::string_view path);

}  // namespace narthex::ingest::import
