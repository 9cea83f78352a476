// SPDX-License-Identifier: Apache-2.0
#include <narthex/sdk/number.hpp>

#include <catch2/catch.hpp>

#include <cstring>
#include <iostream>
#include <limits>
#include <random>
#include <string>

using namespace narthex::sdk;

namespace {

std::string api(double value) {
  std::string out;
  append_number(out, value);
  return out;
}
std::string exposition(double value) {
  std::string out;
  append_exposition(out, value);
  return out;
}
std::string timestamp(std::int64_t ms) {
  std::string out;
  append_timestamp(out, ms);
  return out;
}

}  // namespace

TEST_CASE("numbers of the API are positional from 1e-6 up to 1e21", "[telemetry]") {
  CHECK(api(0) == "0");
  CHECK(api(-0.0) == "-0");
  CHECK(api(1) == "1");
  CHECK(api(-1.5) == "-1.5");
  CHECK(api(1234567) == "1234567");
  CHECK(api(0.1) == "0.1");
  CHECK(api(0.000001) == "0.000001");
  CHECK(api(0.0000001) == "1e-07");
  CHECK(api(1.5e-7) == "1.5e-07");
  CHECK(api(1e20) == "100000000000000000000");
  CHECK(api(123456789012345680000.0) == "123456789012345680000");
  CHECK(api(1e21) == "1e+21");
  CHECK(api(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(api(5e-324) == "5e-324");
  CHECK(api(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(api(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(api(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("numbers of the exposition have an exponent from a million on", "[telemetry]") {
  CHECK(exposition(0) == "0");
  CHECK(exposition(999999) == "999999");
  CHECK(exposition(1e6) == "1e+06");
  CHECK(exposition(1234567) == "1.234567e+06");
  CHECK(exposition(123456.7) == "123456.7");
  CHECK(exposition(0.0001) == "0.0001");
  CHECK(exposition(0.00001) == "1e-05");
  CHECK(exposition(1.8446744073709552e19) == "1.8446744073709552e+19");
}

TEST_CASE("timestamps keep the zeros of their milliseconds", "[telemetry]") {
  CHECK(timestamp(1000) == "1");
  CHECK(timestamp(1100) == "1.100");
  CHECK(timestamp(1001) == "1.001");
  CHECK(timestamp(-1500) == "-1.500");
  CHECK(timestamp(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
}

TEST_CASE("every number reads back as the same bits", "[telemetry]") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    if (std::strtod(api(value).c_str(), nullptr) != value) FAIL(api(value));
    if (std::strtod(exposition(value).c_str(), nullptr) != value) FAIL(exposition(value));
  }
}
