// SPDX-License-Identifier: Apache-2.0
// any_value.hpp - attribute values as the text of a label, as the collector prints them: numbers
// and truth values plainly, bytes in base64, lists and maps as JSON. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace narthex::ingest::otlp {

// 1e-07 and 1e+21 have no zeros and no plus in their exponents here. NaN and infinities are what
// Go's JSON encoder says about them.
std::string double_text(double value);
std::string base64_text(std::string_view bytes);
std::string hex_text(std::string_view bytes);

// A JSON string as Go writes it: also <, > and & are escaped.
void append_json_string(std::string& out, std::string_view text);
// Of names and the JSON of their values.
std::string json_object(const std::map<std::string, std::string>& entries);

}  // namespace narthex::ingest::otlp
