// SPDX-License-Identifier: Apache-2.0
// api_answers.hpp - answers of the engine's HTTP API, as trees of parsed JSON, and the lines of its
// export. Pure.
#pragma once

#include "storage/remote/found_series.hpp"

#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <string>
#include <vector>

namespace narthex::storage::remote {

// The "data" of an answer: texts of labels and label values.
Result<std::vector<std::string>> read_texts(sdk::Value answer);
// The "data" of series: label sets.
Status read_label_sets(sdk::Value answer, Found& found);
// One line of VictoriaMetrics's export: {"metric": {}, "values": [], "timestamps": []}. A value
// that JSON has no number for is null or a text: null is a mark of staleness, since export writes
// it so.
Status read_export_line(sdk::Value line, Found& found);

}  // namespace narthex::storage::remote
