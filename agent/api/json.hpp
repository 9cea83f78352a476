// SPDX-License-Identifier: Apache-2.0
// json.hpp - an append-only JSON writer for answers. Numbers are laid out as Go does, text is made
// valid UTF-8. Not thread-safe; one writer, one answer.
#pragma once

#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace narthex::api {

// Appends text as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Builds one JSON value. Commas are its business: begin/key/value calls in order are all it takes.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& integer(std::int64_t number);
  JsonWriter& number(double number);  // must be finite
  JsonWriter& boolean(bool truth);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);
  JsonWriter& labels(const Labels& labels);

  // key + value in one.
  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, const char* text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, bool truth) { return key(name).boolean(truth); }
  JsonWriter& field(std::string_view name, std::int64_t n) { return key(name).integer(n); }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
  bool comma_ = false;  // a value precedes on this level
};

// RFC 3339 in UTC, as Go prints a time: milliseconds only when there are some; the zero time of Go
// for never (t_ms == 0).
std::string rfc3339(std::int64_t t_ms);

}  // namespace narthex::api
