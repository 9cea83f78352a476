// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/any_value.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/number.hpp>

#include <algorithm>
#include <cmath>

namespace narthex::ingest::otlp {

std::string double_text(double value) {
  if (std::isnan(value)) return "json: unsupported value: NaN";
  if (std::isinf(value))
    return value < 0 ? "json: unsupported value: -Inf" : "json: unsupported value: +Inf";
  std::string out;
  sdk::append_number(out, value);
  const std::size_t e = out.find('e');
  if (e == std::string::npos) return out;
  // e-09 is e-9.
  if (e + 4 == out.size() && out[e + 1] == '-' && out[e + 2] == '0') out.erase(e + 2, 1);
  return out;
}

std::string base64_text(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= have ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

std::string hex_text(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (out += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  std::string plain;
  sdk::append_json_text(plain, text);
  for (const char c : plain) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
}

std::string json_object(const std::map<std::string, std::string>& entries) {
  std::string out = "{";
  for (const auto& [key, json] : entries) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
    out += json;
  }
  return out + "}";
}

}  // namespace narthex::ingest::otlp
