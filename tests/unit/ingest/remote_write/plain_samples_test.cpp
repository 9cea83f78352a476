// SPDX-License-Identifier: Apache-2.0
// Many samples of a series at once are what they are one by one.
#include "plugins/ingest/remote_write/request_columns.hpp"

#include <catch2/catch.hpp>
#include <protozero/pbf_writer.hpp>

#include <bit>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace narthex::ingest::remote_write {
namespace {

std::string sample_message(double value, std::int64_t t, std::int64_t start = 0) {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_double(1, value);
  writer.add_int64(2, t);
  if (start != 0) writer.add_int64(3, start);
  return message;
}

std::string in_series(const std::string& message) {
  std::string field;
  protozero::pbf_writer(field).add_message(2, message);
  return field;
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double v : values) bits.push_back(std::bit_cast<std::uint64_t>(v));
  return bits;
}

}  // namespace

TEST_CASE("samples in a row are read as one by one, up to the first odd one", "[remote_write]") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    RequestColumns whole;
    RequestColumns single;
    whole.begin_series({});
    single.begin_series({});
    std::vector<std::string> messages;
    // Times around every length of a varint.
    auto t = random() >> random() % 64;
    const std::size_t count = 1 + random() % 200;
    for (std::size_t i = 0; i < count; ++i) {
      t += 1 + random() % 90;
      const std::int64_t start = random() % 100 == 0 ? 5 : 0;
      messages.push_back(
          sample_message(std::bit_cast<double>(random()), static_cast<std::int64_t>(t), start));
    }
    std::string bytes;
    for (const std::string& message : messages) bytes += in_series(message);
    std::string_view rest = bytes;
    std::size_t read = 0;
    while (!rest.empty()) {
      rest = whole.add_plain_samples(rest);
      read = whole.rows();
      if (rest.empty()) break;
      // What it stopped at is the next sample.
      REQUIRE(rest.starts_with(in_series(messages[read])));
      whole.add_sample(messages[read]);
      rest.remove_prefix(in_series(messages[read]).size());
    }
    for (const std::string& message : messages) single.add_sample(message);
    REQUIRE(whole.t == single.t);
    REQUIRE(bits_of(whole.v) == bits_of(single.v));
    REQUIRE(whole.st == single.st);
  }
}

TEST_CASE("a series of usual samples is read in one go but for its last", "[remote_write]") {
  RequestColumns columns;
  columns.begin_series({});
  std::string bytes;
  for (int i = 0; i < 150; ++i) bytes += in_series(sample_message(i, 1'700'000'000'000 + i));
  const std::string_view rest = columns.add_plain_samples(bytes);
  CHECK(columns.rows() == 149);
  CHECK(rest == in_series(sample_message(149, 1'700'000'000'149)));
}

TEST_CASE("samples that are cut, or of other fields, are left", "[remote_write]") {
  const std::string one = in_series(sample_message(1, 1'700'000'000'000));
  const std::string bytes = one + one + one;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    RequestColumns columns;
    columns.begin_series({});
    // A buffer of its own, so that reading beyond it is seen.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string_view rest = columns.add_plain_samples({cut.data(), cut.size()});
    CHECK(columns.rows() * one.size() + rest.size() == size);
  }
  for (std::size_t at = 0; at < one.size(); ++at) {
    if (at >= 3 && at < 11) continue;  // the value
    std::string changed = one + one + one;
    changed[one.size() + at] = static_cast<char>(changed[one.size() + at] ^ 0x80);
    RequestColumns columns;
    columns.begin_series({});
    (void)columns.add_plain_samples(changed);
    INFO(at);
    CHECK(columns.rows() == 1);
  }
}

TEST_CASE("rows beside start times and histograms have none", "[remote_write]") {
  RequestColumns columns;
  columns.begin_series({});
  columns.add_sample(sample_message(1, 1'700'000'000'000, 7));
  columns.h.assign(1, NX_NONE);
  std::string bytes;
  for (int i = 1; i < 5; ++i) bytes += in_series(sample_message(i, 1'700'000'000'000 + i));
  (void)columns.add_plain_samples(bytes);
  REQUIRE(columns.rows() == 4);
  CHECK(columns.st == std::vector<std::int64_t>{7, 0, 0, 0});
  CHECK(columns.h == std::vector<std::uint32_t>(4, NX_NONE));
}

}  // namespace narthex::ingest::remote_write
