// SPDX-License-Identifier: Apache-2.0
#include "api/value_json.hpp"

namespace narthex::api {

namespace {

void write_table(JsonWriter& json, sdk::Value value) {
  json.begin_object();
  for (const nx_kv& entry : value.entries()) {
    json.key(view(entry.key));
    write_value(json, sdk::Value(&entry.value));
  }
  json.end_object();
}

void write_array(JsonWriter& json, sdk::Value value) {
  json.begin_array();
  for (const nx_value& item : value.items()) write_value(json, sdk::Value(&item));
  json.end_array();
}

}  // namespace

void write_value(JsonWriter& json, sdk::Value value) {
  if (value.secret()) {
    json.string("<secret>");
    return;
  }
  switch (value.type()) {
    case NX_BOOL:
      json.boolean(value.get<bool>());
      return;
    case NX_INT:
    case NX_TIME:
      json.integer(value.get<std::int64_t>());
      return;
    case NX_FLOAT:
      json.number(value.get<double>());
      return;
    case NX_STRING:
      json.string(value.get<std::string_view>());
      return;
    case NX_ARRAY:
      write_array(json, value);
      return;
    case NX_TABLE:
      write_table(json, value);
      return;
    default:
      json.null();
  }
}

}  // namespace narthex::api
