// SPDX-License-Identifier: Apache-2.0
#include "plugins/function/promql/shown.hpp"

#include <narthex/sdk/number.hpp>

#include <cstdio>

namespace narthex::function_promql {

std::string shown(double value) {
  std::string out;
  sdk::append_exposition(out, value);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string open_metrics_number(double value) {
  std::string out = shown(value);
  if (out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  return out;
}

}  // namespace narthex::function_promql
