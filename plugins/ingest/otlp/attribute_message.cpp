// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/attribute_message.hpp"

#include "plugins/ingest/otlp/any_value.hpp"

#include <cstdint>
#include <map>

namespace narthex::ingest::otlp {
namespace {

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;

constexpr int kDepthMax = 64;

// Inside lists and maps text is JSON, on top it is the value itself.
std::string read_any(std::string_view message, bool nested, int depth, Failure& failure);

std::string read_list(std::string_view message, int depth, Failure& failure) {
  std::string out = "[";
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number != 1) continue;
    if (out.size() > 1) out += ',';
    out += read_any(fields.bytes(f), true, depth + 1, failure);
  }
  return out + "]";
}

std::pair<std::string, std::string> read_pair(std::string_view message, bool nested, int depth,
                                              Failure& failure) {
  std::pair<std::string, std::string> pair;
  if (nested) pair.second = "null";
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) pair.first = fields.bytes(f);
    if (f.number == 2) pair.second = read_any(fields.bytes(f), nested, depth, failure);
  }
  return pair;
}

std::string read_map(std::string_view message, int depth, Failure& failure) {
  std::map<std::string, std::string> entries;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number != 1) continue;
    auto pair = read_pair(fields.bytes(f), true, depth + 1, failure);
    entries.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  return json_object(entries);
}

std::string as_string(std::string_view text, bool nested) {
  if (!nested) return std::string(text);
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string read_any(std::string_view message, bool nested, int depth, Failure& failure) {
  std::string out = nested ? "null" : "";
  FieldReader fields(message, failure);
  if (depth > kDepthMax) {
    (void)fields.fail(message.data(), "an attribute is nested deeper than 64 levels");
    return out;
  }
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case 1:
        out = as_string(fields.bytes(f), nested);
        break;
      case 2:
        out = fields.varint(f) != 0 ? "true" : "false";
        break;
      case 3:
        out = std::to_string(static_cast<std::int64_t>(fields.varint(f)));
        break;
      case 4:
        out = double_text(fields.float64(f));
        break;
      case 5:
        out = read_list(fields.bytes(f), depth, failure);
        break;
      case 6:
        out = read_map(fields.bytes(f), depth, failure);
        break;
      case 7:
        out = as_string(base64_text(fields.bytes(f)), nested);
        break;
      default:
        break;
    }
  }
  return out;
}

}  // namespace

std::pair<std::string, std::string> read_attribute(std::string_view message, Failure& failure) {
  return read_pair(message, false, 0, failure);
}

}  // namespace narthex::ingest::otlp
