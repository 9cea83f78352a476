// SPDX-License-Identifier: Apache-2.0
#include <narthex/sdk/protobuf_reader.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace narthex::sdk::protobuf {
namespace {

using namespace std::string_view_literals;

// The texts of what is wrong with a message whose field 1 is a number, and where.
std::string wrong(std::string_view message) {
  Failure failure;
  FieldReader fields(message, failure);
  for (Field f; fields.next(f);) {
    if (f.number == 1) (void)fields.varint(f);
  }
  if (failure.ok()) return "";
  return std::string(failure.text) + "@" + std::to_string(failure.at - message.data());
}

}  // namespace

TEST_CASE("fields come one after the other with their values", "[protobuf]") {
  const std::string_view message =
      "\x08\x96\x01\x10\x03\x19\0\0\0\0\0\0\xf8\x3f\x22\x02hi\x2d\x01\0\0\0\x30\x01"sv;
  Failure failure;
  FieldReader fields(message, failure);
  Field f;
  REQUIRE(fields.next(f));
  CHECK(fields.varint(f) == 150);
  REQUIRE(fields.next(f));
  CHECK(fields.zigzag(f) == -2);
  REQUIRE(fields.next(f));
  CHECK(fields.float64(f) == 1.5);
  REQUIRE(fields.next(f));
  CHECK(fields.bytes(f) == "hi");
  REQUIRE(fields.next(f));
  CHECK(f.number == 5);
  CHECK(f.wire == Wire::kFixed32);
  CHECK(f.value == 1);
  REQUIRE(fields.next(f));
  CHECK(f.number == 6);
  CHECK_FALSE(fields.next(f));
  CHECK(failure.ok());
}

TEST_CASE("groups are stepped over, however they are nested", "[protobuf]") {
  CHECK(wrong("\x1b\x23\x08\x01\x24\x12\x01x\x1c\x08\x07"sv).empty());
  CHECK(wrong("\x08\x01\x1b\x08\x01"sv) == "a group is not closed@2");
}

TEST_CASE("a failure has its text and its place", "[protobuf]") {
  CHECK(wrong("\x08"sv) == "bad varint@0");
  CHECK(wrong("\x08\x01\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv) == "bad varint@2");
  CHECK(wrong("\x12\x05hi"sv) == "a field is longer than its message@0");
  CHECK(wrong("\x12\xff"sv) == "bad length of a field@0");
  CHECK(wrong("\x19\0\0"sv) == "the message ends within a number@0");
  CHECK(wrong("\x02\0"sv) == "field number 0@0");
  CHECK(wrong("\x0f\0"sv) == "unknown wire type@0");
  CHECK(wrong("\xff\xff\xff\xff\xff\xff\x01"sv) == "bad field tag@0");
  CHECK(wrong("\x10\x01\x0a\x01x"sv) == "wrong wire type for a known field@2");
}

TEST_CASE("the first failure stays, and ends the reader that had it", "[protobuf]") {
  Failure failure;
  const std::string_view message = "\x0a\x01\x08\x12\x01\x19"sv;
  FieldReader fields(message, failure);
  int count = 0;
  for (Field f; fields.next(f); ++count) {
    FieldReader inner(fields.bytes(f), failure);
    for (Field g; inner.next(g);) {
    }
  }
  CHECK(count == 2);
  CHECK(failure.text == "bad varint");
  CHECK(failure.at == message.data() + 2);
}

TEST_CASE("the short way takes what it can and leaves the rest to the long one", "[protobuf]") {
  const std::string long_text(200, 'x');
  const std::string message = "\x0a\x02hi\x0a" + std::string(1, '\0') + "\x0a\xc8\x01" + long_text +
                              "\x0a\x03"
                              "ab";
  Failure failure;
  FieldReader fields(message, failure);
  std::string_view text;
  REQUIRE(fields.next_short('\x0a', text));
  CHECK(text == "hi");
  CHECK_FALSE(fields.next_short('\x12', text));
  REQUIRE(fields.next_short('\x0a', text));
  CHECK(text.empty());
  CHECK_FALSE(fields.next_short('\x0a', text));  // 200 bytes
  Field f;
  REQUIRE(fields.next(f));
  CHECK(fields.bytes(f) == long_text);
  CHECK_FALSE(fields.next_short('\x0a', text));  // longer than what is left
  CHECK(failure.ok());
  CHECK_FALSE(fields.next(f));
  CHECK(failure.text == "a field is longer than its message");
}

TEST_CASE("arrays come packed and one by one", "[protobuf]") {
  const std::string_view message =
      "\x0a\x03\x01\x96\x01\x08\x07\x12\x02\x01\x02\x10\x03\x1a\x08\0\0\0\0\0\0\xf8\x3f\x19\0\0\0\0"
      "\0\0\xf0\x3f"sv;
  Failure failure;
  FieldReader fields(message, failure);
  std::vector<std::uint64_t> varints;
  std::vector<std::int64_t> zigzags;
  std::vector<double> doubles;
  for (Field f; fields.next(f);) {
    if (f.number == 1) (void)fields.append_varints(f, varints);
    if (f.number == 2) (void)fields.append_zigzags(f, zigzags);
    if (f.number == 3) (void)fields.append_fixed(f, doubles);
  }
  CHECK(failure.ok());
  CHECK(varints == std::vector<std::uint64_t>{1, 150, 7});
  CHECK(zigzags == std::vector<std::int64_t>{-1, 1, -2});
  CHECK(doubles == std::vector<double>{1.5, 1});
  FieldReader cut("\x0a\x01\xff"sv, failure);
  Field f;
  REQUIRE(cut.next(f));
  CHECK_FALSE(cut.append_varints(f, varints));
  CHECK(failure.text == "bad varint in a packed field");
  Failure other;
  FieldReader within("\x1a\x07\0\0\0\0\0\0\0"sv, other);
  REQUIRE(within.next(f));
  CHECK_FALSE(within.append_fixed(f, doubles));
  CHECK(other.text == "a packed field ends within a number");
}

}  // namespace narthex::sdk::protobuf
