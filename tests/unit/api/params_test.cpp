// SPDX-License-Identifier: Apache-2.0
#include "api/params.hpp"

#include <catch2/catch.hpp>

using namespace narthex::api;

TEST_CASE("a time is unix seconds with decimals", "[api]") {
  CHECK(*parse_time_ms("1700000000") == 1'700'000'000'000);
  CHECK(*parse_time_ms("1700000000.123") == 1'700'000'000'123);
  CHECK(*parse_time_ms("1.5e9") == 1'500'000'000'000);
  CHECK(*parse_time_ms("-100") == -100'000);
  CHECK(*parse_time_ms("+7") == 7'000);
}

TEST_CASE("a time is RFC 3339 with any zone", "[api]") {
  CHECK(*parse_time_ms("2023-11-14T22:13:20Z") == 1'700'000'000'000);
  CHECK(*parse_time_ms("2023-11-14T22:13:20.25Z") == 1'700'000'000'250);
  CHECK(*parse_time_ms("2023-11-15T00:13:20+02:00") == 1'700'000'000'000);
}

TEST_CASE("what is no time is named in the error", "[api]") {
  for (const std::string text :
       {"notatime", "2020-13-01T00:00:00Z", "2021-02-29T00:00:00Z", "1x", "2020-01-01", "++1"}) {
    const auto parsed = parse_time_ms(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.status().message() == "cannot parse \"" + text + "\" to a valid timestamp");
  }
}

TEST_CASE("the widest times that Go prints are taken", "[api]") {
  CHECK(*parse_time_ms("-292273086-05-16T16:47:06Z") == kMinTimeMs);
  CHECK(*parse_time_ms("+292277025-08-18T07:12:54.999999999Z") == kMaxTimeMs);
}

TEST_CASE("a duration is seconds or Prometheus's form", "[api]") {
  CHECK(*parse_duration_ms("10") == 10'000);
  CHECK(*parse_duration_ms("0.5") == 500);
  CHECK(*parse_duration_ms("1m30s") == 90'000);
  CHECK_FALSE(parse_duration_ms("abc").ok());
  CHECK_FALSE(parse_duration_ms("1e300").ok());
}

TEST_CASE("a limit is a count", "[api]") {
  CHECK(*parse_limit("") == 0);
  CHECK(*parse_limit("12") == 12);
  CHECK(parse_limit("abc").status().message() == "strconv.Atoi: parsing \"abc\": invalid syntax");
  CHECK(parse_limit("-1").status().message() == "limit must be non-negative");
}

TEST_CASE("escaped label names are undone, others are left alone", "[api]") {
  CHECK(unescape_label_name("U__label_2e_dot") == "label.dot");
  CHECK(unescape_label_name("U__a__b") == "a_b");
  CHECK(unescape_label_name("U__sp_20_ace") == "sp ace");
  CHECK(unescape_label_name("U__bad_zz_") == "U__bad_zz_");
  CHECK(unescape_label_name("plain_name") == "plain_name");
}

TEST_CASE("times beyond all numbers become what Go makes of them", "[api]") {
  for (const char* text : {"NaN", "Inf", "-Inf", "1e300"}) {
    CHECK(*parse_time_ms(text) == kUnrepresentableMs);
  }
}
