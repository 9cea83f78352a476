// SPDX-License-Identifier: Apache-2.0
// The twin is sdk::append_number(), which asks the standard library for digits.
#include "api/number_text.hpp"

#include <narthex/sdk/number.hpp>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

using namespace narthex;

namespace {

std::string written(double value) {
  char text[api::kNumberRoom];
  return {text, api::write_number(text, value)};
}
std::string written_time(std::int64_t t_ms) {
  char text[api::kNumberRoom];
  return {text, api::write_timestamp(text, t_ms)};
}

// Counts instead of a CHECK each: there are millions.
class Comparison {
 public:
  void operator()(double value) {
    std::string expected;
    sdk::append_number(expected, value);
    const std::string got = written(value);
    if (got == expected) return;
    if (wrong_++ == 0) first_ = got + " instead of " + expected;
  }
  ~Comparison() {
    INFO(first_);
    CHECK(wrong_ == 0);
  }

 private:
  std::uint64_t wrong_ = 0;
  std::string first_;
};

}  // namespace

TEST_CASE("numbers are written as Go writes them", "[api]") {
  CHECK(written(0) == "0");
  CHECK(written(-0.0) == "-0");
  CHECK(written(0.1) == "0.1");
  CHECK(written(-1234.5) == "-1234.5");
  CHECK(written(1e-6) == "0.000001");
  CHECK(written(9.5e-7) == "9.5e-07");
  CHECK(written(1e20) == "100000000000000000000");
  CHECK(written(1e21) == "1e+21");
  CHECK(written(5e-324) == "5e-324");
  CHECK(written(-1.7976931348623157e308) == "-1.7976931348623157e+308");
  CHECK(written(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(written(-std::numeric_limits<double>::infinity()) == "-Inf");
  CHECK(written(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("every power and its neighbours have the digits of the twin", "[api]") {
  Comparison compare;
  for (int e = -1074; e < 1024; ++e) {
    const double power = std::ldexp(1.0, e);
    for (const double value : {power, std::nextafter(power, 0.0), std::nextafter(power, 1e308)}) {
      compare(value);
      compare(-value);
    }
  }
  for (int e = -307; e < 308; ++e) {
    const auto bits = std::bit_cast<std::uint64_t>(std::pow(10.0, e));
    for (std::uint64_t k = 0; k < 64; ++k) compare(std::bit_cast<double>(bits + k - 32));
  }
}

TEST_CASE("random numbers have the digits of the twin", "[api]") {
  const std::uint64_t seed = 20'261'128;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> part(0, 1);
  Comparison compare;
  for (int i = 0; i < 200'000; ++i) {
    compare(std::bit_cast<double>(random()));
    const double x = part(random);
    compare(x);
    compare(-x / 3e5);
    compare(std::floor(x * 1e6) / 1e3);
    compare(std::floor(x * 1e12) * 4096);
  }
}

TEST_CASE("times have milliseconds where they are not zero", "[api]") {
  CHECK(written_time(0) == "0");
  CHECK(written_time(1'700'000'000'000) == "1700000000");
  CHECK(written_time(1'700'000'000'120) == "1700000000.120");
  CHECK(written_time(-1'005) == "-1.005");
  CHECK(written_time(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
}
