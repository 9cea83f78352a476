// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/number.hpp>
#include <narthex/sdk/shown_url.hpp>

#include <cmath>

namespace narthex::bus {
namespace {

void append(std::string& out, const nx_value& value);

void append_float(std::string& out, double number) {
  if (!std::isfinite(number)) out += '"';  // JSON has no word for it
  sdk::append_number(out, number);
  if (!std::isfinite(number)) out += '"';
}

// An address may hold a password, and what is written here is for everybody.
void append_text(std::string& out, std::string_view text) {
  if (text.find("://") == std::string_view::npos) return sdk::append_json_text(out, text);
  sdk::append_json_text(out, sdk::shown_url(text));
}

void append_items(std::string& out, std::span<const nx_value> items) {
  char separator = '[';
  for (const nx_value& item : items) {
    out += std::exchange(separator, ',');
    append(out, item);
  }
  if (separator == '[') out += '[';
  out += ']';
}

void append_entries(std::string& out, std::span<const nx_kv> entries) {
  char separator = '{';
  for (const nx_kv& entry : entries) {
    out += std::exchange(separator, ',');
    sdk::append_json_text(out, view(entry.key));
    out += ':';
    append(out, entry.value);
  }
  if (separator == '{') out += '{';
  out += '}';
}

void append(std::string& out, const nx_value& value) {
  if ((value.flags & NX_VALUE_SECRET) != 0) {
    out += "\"<secret>\"";
    return;
  }
  switch (value.type) {
    case NX_BOOL:
      out += value.u.i != 0 ? "true" : "false";
      break;
    case NX_INT:
    case NX_TIME:
      out += std::to_string(value.u.i);
      break;
    case NX_FLOAT:
      append_float(out, value.u.f);
      break;
    case NX_STRING:
      append_text(out, sdk::Value(&value).get<std::string_view>());
      break;
    case NX_ARRAY:
      append_items(out, sdk::Value(&value).items());
      break;
    case NX_TABLE:
      append_entries(out, sdk::Value(&value).entries());
      break;
    default:
      out += "null";
  }
}

}  // namespace

std::string to_json(const nx_value& payload) {
  std::string out;
  append(out, payload);
  return out;
}

}  // namespace narthex::bus
