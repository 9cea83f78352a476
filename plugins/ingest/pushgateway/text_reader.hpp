// SPDX-License-Identifier: Apache-2.0
// text_reader.hpp - a pushed body in the text format 0.0.4. Not the scrape parser: the gateway
// collects lines into families and is stricter (every line ends, no second HELP or TYPE), and its
// errors are what users of it know. Pure.
#pragma once

#include "plugins/ingest/pushgateway/family.hpp"
#include "plugins/ingest/pushgateway/names.hpp"

#include <narthex/sdk/result.hpp>

#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

// Families in order of appearance, those without a metric left out. NX_ERR_INVALID_DATA: "text
// format parsing error in line N: ...".
Result<std::vector<Family>> read_text(std::string_view body, NameRule rule);

}  // namespace narthex::ingest::pushgateway
