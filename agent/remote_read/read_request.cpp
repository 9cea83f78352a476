// SPDX-License-Identifier: Apache-2.0
#include "remote_read/read_request.hpp"

#include <protozero/pbf_reader.hpp>

namespace narthex::remote_read {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::uint32_t field(protozero::pbf_tag_type tag, pbf_wire_type type) {
  return protozero::tag_and_type(tag, type);
}
constexpr std::uint32_t number(protozero::pbf_tag_type tag) {
  return field(tag, pbf_wire_type::varint);
}
constexpr std::uint32_t bytes(protozero::pbf_tag_type tag) {
  return field(tag, pbf_wire_type::length_delimited);
}

RequestMatcher parse_matcher(pbf_reader message) {
  RequestMatcher matcher;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number(1):
        matcher.type = message.get_enum();
        break;
      case bytes(2):
        matcher.name = message.get_string();
        break;
      case bytes(3):
        matcher.value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  return matcher;
}

void parse_hints(pbf_reader message, RequestQuery& query) {
  query.has_hints = true;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number(1):
        query.hint_step_ms = message.get_int64();
        break;
      case bytes(2):
        query.hint_function = message.get_string();
        break;
      case number(3):
        query.hint_start_ms = message.get_int64();
        break;
      case number(4):
        query.hint_end_ms = message.get_int64();
        break;
      case number(7):
        query.hint_range_ms = message.get_int64();
        break;
      default:
        message.skip();
    }
  }
}

RequestQuery parse_query(pbf_reader message) {
  RequestQuery query;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case number(1):
        query.start_ms = message.get_int64();
        break;
      case number(2):
        query.end_ms = message.get_int64();
        break;
      case bytes(3):
        query.matchers.push_back(parse_matcher(message.get_message()));
        break;
      case bytes(4):
        parse_hints(message.get_message(), query);
        break;
      default:
        message.skip();
    }
  }
  return query;
}

ReadRequest parse_request(pbf_reader message) {
  ReadRequest request;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes(1):
        request.queries.push_back(parse_query(message.get_message()));
        break;
      case number(2):
        request.accepted.push_back(message.get_enum());
        break;
      case bytes(2):  // packed, as proto3 writes it
        for (const std::int32_t type : message.get_packed_enum()) request.accepted.push_back(type);
        break;
      default:
        message.skip();
    }
  }
  return request;
}

}  // namespace

Result<ReadRequest> ReadRequest::parse(std::string_view message) {
  try {
    return parse_request(pbf_reader(message.data(), message.size()));
  } catch (const protozero::end_of_buffer_exception&) {
    return invalid_data("unexpected EOF");
  } catch (const protozero::exception& bad) {
    return invalid_data(std::string("proto: no ReadRequest: ") + bad.what());
  }
}

Result<ResponseType> ReadRequest::response_type() const {
  if (accepted.empty()) return ResponseType::kSamples;
  std::string named;
  for (const std::int32_t type : accepted) {
    if (type == 0 || type == 1) return static_cast<ResponseType>(type);
    named += (named.empty() ? "" : " ") + std::to_string(type);
  }
  return invalid_argument("server does not support any of the requested response types: [" + named +
                          "]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]");
}

}  // namespace narthex::remote_read
