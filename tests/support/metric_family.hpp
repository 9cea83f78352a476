// SPDX-License-Identifier: Apache-2.0
// metric_family.hpp - writes io.prometheus.client messages, right or wrong, for tests.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::test {

class Message {
 public:
  Message& varint(int field, std::uint64_t value) {
    tag(field, 0);
    raw_varint(value);
    return *this;
  }
  Message& zigzag(int field, std::int64_t value) { return varint(field, fold(value)); }
  Message& number(int field, double value) {
    tag(field, 1);
    raw_number(value);
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    tag(field, 2);
    raw_varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& part(int field, const Message& message) { return bytes(field, message.bytes_); }
  Message& deltas(int field, const std::vector<std::int64_t>& values) {
    Message packed;
    for (const std::int64_t value : values) packed.raw_varint(fold(value));
    return part(field, packed);
  }
  Message& numbers(int field, const std::vector<double>& values) {
    Message packed;
    for (const double value : values) packed.raw_number(value);
    return part(field, packed);
  }
  Message& label(std::string_view name, std::string_view value) {
    return part(1, Message().bytes(1, name).bytes(2, value));
  }
  Message& span(int field, std::int64_t offset, std::uint64_t length) {
    return part(field, Message().zigzag(1, offset).varint(2, length));
  }
  Message& time(int field, std::uint64_t seconds, std::uint64_t nanos = 0) {
    return part(field, Message().varint(1, seconds).varint(2, nanos));
  }
  Message& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& text() const { return bytes_; }
  // After its length, as bodies have it.
  std::string delimited() const {
    Message out;
    out.raw_varint(bytes_.size());
    return out.bytes_ + bytes_;
  }

 private:
  static std::uint64_t fold(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  }
  void tag(int field, unsigned wire) { raw_varint(static_cast<unsigned>(field) << 3 | wire); }
  void raw_varint(std::uint64_t value) {
    for (; value > 0x7F; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void raw_number(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(bits >> shift);
  }
  std::string bytes_;
};

// Types of families, and the field of a metric that has the value.
enum FamilyType { kCounter, kGauge, kSummary, kUntyped, kHistogram, kGaugeHistogram };

inline std::string family(std::string_view name, int type, const std::vector<Message>& metrics,
                          std::string_view help = {}, std::string_view unit = {}) {
  Message out;
  out.bytes(1, name);
  if (!help.empty()) out.bytes(2, help);
  out.varint(3, static_cast<std::uint64_t>(type));
  for (const Message& metric : metrics) out.part(4, metric);
  if (!unit.empty()) out.bytes(5, unit);
  return out.delimited();
}

// One classic and one native histogram, in one message or apart.
inline Message classic_histogram() {
  return Message()
      .varint(1, 9)
      .number(2, 12.5)
      .part(3, Message().varint(1, 2).number(2, 0.1))
      .part(3, Message().varint(1, 5).number(2, 1));
}
inline Message native_buckets() {
  return Message()
      .zigzag(5, 3)
      .number(6, 0.001)
      .varint(7, 2)
      .span(9, 0, 1)
      .deltas(10, {1})
      .span(12, 0, 2)
      .span(12, 1, 1)
      .deltas(13, {1, 2, -1});
}

// A body with everything in it.
inline std::string whole_body() {
  const Message exemplar =
      Message().label("trace_id", "KOO5").number(2, 0.67).time(3, 1, 250'000'000);
  std::string out;
  out += family(
      "c_total", kCounter,
      {Message().label("a", "1").part(3, Message().number(1, 5).part(2, exemplar).time(3, 7)),
       Message().label("a", "2").label("b", "").part(3, Message().number(1, 6)).varint(6, 99)},
      "Help \"c\"");
  out += family("g_seconds", kGauge, {Message().part(2, Message().number(1, -1.5))}, "", "seconds");
  out += family("u", kUntyped, {Message().label("z", "\xc3\xa9").part(5, Message().number(1, 2))});
  out += family(
      "s", kSummary,
      {Message().label("x", "y").part(4, Message()
                                             .varint(1, 3)
                                             .number(2, 4.5)
                                             .part(3, Message().number(1, 0.5).number(2, 1))
                                             .part(3, Message().number(1, 1).number(2, 2)))});
  out += family(
      "h", kHistogram,
      {Message().label("l", "1").part(
           7, classic_histogram().part(3, Message().varint(1, 9).number(2, 7).part(3, exemplar))),
       Message().label("l", "2").part(
           7, classic_histogram().raw(native_buckets().text()).time(15, 3).part(16, exemplar))});
  out += family("f", kGaugeHistogram,
                {Message().part(7, Message()
                                       .number(4, 9.5)
                                       .number(2, 1)
                                       .zigzag(5, 0)
                                       .number(6, 0.5)
                                       .number(8, 2.5)
                                       .span(12, -1, 2)
                                       .numbers(14, {3, 4}))});
  return out;
}

}  // namespace narthex::test
