// SPDX-License-Identifier: Apache-2.0
// text_lines.hpp - the lines of the text format 0.0.4, with names in quotes where they are not of
// the old character set. Pure.
#pragma once

#include "federate/name_escaping.hpp"

#include <narthex/data.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::federate {

// Federated metrics are all untyped.
void append_type_line(std::string& out, std::string_view name);
// Names of labels are escaped here, that of the metric is as it is to be written.
void append_sample_line(std::string& out, std::string_view name, std::span<const nx_label> labels,
                        Escaping escaping, double value, std::int64_t t_ms);

}  // namespace narthex::federate
