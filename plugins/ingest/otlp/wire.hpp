// SPDX-License-Identifier: Apache-2.0
// wire.hpp - fields of protobuf messages with their wire type checked: protozero only asserts that
// a caller has looked, and these bytes are a stranger's.
#pragma once

#include <narthex/sdk/guard.hpp>

#include <protozero/pbf_reader.hpp>

#include <cstdint>
#include <string_view>

namespace narthex::ingest::otlp::wire {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

inline void expect(const pbf_reader& reader, pbf_wire_type type) {
  if (reader.wire_type() == type) return;
  throw sdk::Error(NX_ERR_INVALID_DATA, "proto: cannot parse invalid wire-format data");
}

inline double get_double(pbf_reader& reader) {
  expect(reader, pbf_wire_type::fixed64);
  return reader.get_double();
}
inline std::uint64_t get_uint64(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_uint64();
}
inline std::uint32_t get_uint32(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_uint32();
}
inline std::int32_t get_sint32(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_sint32();
}
inline std::int64_t get_int64(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_int64();
}
inline bool get_bool(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_bool();
}
inline std::uint64_t get_fixed64(pbf_reader& reader) {
  expect(reader, pbf_wire_type::fixed64);
  return reader.get_fixed64();
}
inline std::int64_t get_sfixed64(pbf_reader& reader) {
  expect(reader, pbf_wire_type::fixed64);
  return reader.get_sfixed64();
}
inline std::int32_t get_enum(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_enum();
}
inline pbf_reader get_message(pbf_reader& reader) {
  expect(reader, pbf_wire_type::length_delimited);
  return reader.get_message();
}
inline std::string_view get_text(pbf_reader& reader) {
  expect(reader, pbf_wire_type::length_delimited);
  const protozero::data_view bytes = reader.get_view();
  return {bytes.data(), bytes.size()};
}

}  // namespace narthex::ingest::otlp::wire
