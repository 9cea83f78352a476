// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/group_record.hpp"

#include "plugins/ingest/pushgateway/crc32c.hpp"
#include "plugins/ingest/pushgateway/protobuf_reader.hpp"
#include "plugins/ingest/pushgateway/protobuf_writer.hpp"

#include <narthex/sdk/protobuf_reader.hpp>

#include <protozero/pbf_writer.hpp>

namespace narthex::ingest::pushgateway {
namespace {

constexpr std::string_view kRecordMagic = "NXPUSH1\n";
constexpr std::size_t kCrcSize = 4;

using sdk::protobuf::Failure;
using sdk::protobuf::Field;
using sdk::protobuf::FieldReader;

void read_key_label(std::string_view message, GroupingKey& key, Failure& failure) {
  std::string name, value;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) name = fields.bytes(f);
    if (f.number == 2) value = fields.bytes(f);
  }
  key[std::move(name)] = std::move(value);
}

TimedFamily read_timed_family(std::string_view message, Failure& failure) {
  TimedFamily timed;
  auto family = std::make_shared<Family>();
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) timed.pushed_ms = fields.zigzag(f);
    if (f.number == 2) *family = read_family(fields.bytes(f), failure);
  }
  timed.family = std::move(family);
  return timed;
}

Group read_group(std::string_view payload, Failure& failure) {
  Group group;
  FieldReader fields(payload, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) read_key_label(fields.bytes(f), group.key, failure);
    if (f.number == 2) {
      TimedFamily timed = read_timed_family(fields.bytes(f), failure);
      std::string name = timed.family->name;
      group.families[std::move(name)] = std::move(timed);
    }
  }
  return group;
}

// What every group has, and what code relies on.
bool is_complete(const Group& group) {
  if (!group.key.contains("job")) return false;
  for (const std::string_view name : {kPushTime, kPushFailureTime}) {
    const auto at = group.families.find(name);
    if (at == group.families.end() || at->second.family->metrics.empty()) return false;
  }
  return true;
}

}  // namespace

std::string encode_group(const Group& group) {
  std::string payload;
  protozero::pbf_writer out(payload);
  for (const auto& [name, value] : group.key) {
    protozero::pbf_writer label(out, 1);
    label.add_string(1, name);
    label.add_string(2, value);
  }
  for (const auto& [name, timed] : group.families) {
    protozero::pbf_writer entry(out, 2);
    entry.add_sint64(1, timed.pushed_ms);
    entry.add_message(2, write_family(*timed.family));
  }
  std::string bytes(kRecordMagic);
  const std::uint32_t crc = crc32c(payload);
  for (std::size_t i = 0; i < kCrcSize; ++i) bytes += static_cast<char>(crc >> 8 * i & 0xFF);
  return bytes + payload;
}

Result<Group> decode_group(std::string_view bytes) {
  if (!bytes.starts_with(kRecordMagic) || bytes.size() < kRecordMagic.size() + kCrcSize) {
    return invalid_data("this is no record of a group");
  }
  bytes.remove_prefix(kRecordMagic.size());
  const std::uint32_t wanted = read_little_endian_32(bytes.data());
  bytes.remove_prefix(kCrcSize);
  if (crc32c(bytes) != wanted) return invalid_data("the checksum does not match");
  Failure failure;
  Group group = read_group(bytes, failure);
  if (!failure.ok()) return invalid_data("the record is damaged: " + std::string(failure.text));
  if (!is_complete(group)) return invalid_data("the record is not complete");
  return group;
}

}  // namespace narthex::ingest::pushgateway
