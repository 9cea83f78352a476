// SPDX-License-Identifier: Apache-2.0
#include "document/document.hpp"

#include <catch2/catch.hpp>

namespace narthex::document {

TEST_CASE("durations are read as Prometheus reads them", "[document]") {
  CHECK(parse_duration_ms("0").value() == 0);
  CHECK(parse_duration_ms("0s").value() == 0);
  CHECK(parse_duration_ms("324ms").value() == 324);
  CHECK(parse_duration_ms("1h30m").value() == 5'400'000);
  CHECK(parse_duration_ms("1y2w3d4h5m6s7ms").value() ==
        31'536'000'000 + 2 * 604'800'000LL + 3 * 86'400'000 + 4 * 3'600'000 + 5 * 60'000 + 6'007);
  for (const char* bad : {"", "1", "-1s", "1.5h", "1m1h", "1s1s", " 1s", "1 s", "s", "15 parsecs",
                          "1d1", "99999999999999y", "18446744073709551616s"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration_ms(bad).ok());
  }
  CHECK(parse_duration_ms("15 parsecs").status().message() ==
        "not a valid duration string: \"15 parsecs\"");
  CHECK(parse_duration_ms("292y").ok());
  CHECK(parse_duration_ms("293y").status().message() == "duration out of range");
}

TEST_CASE("durations are printed in their shortest exact form", "[document]") {
  CHECK(format_duration_ms(0) == "0s");
  CHECK(format_duration_ms(15'000) == "15s");
  CHECK(format_duration_ms(90'000) == "1m30s");
  CHECK(format_duration_ms(3'600'000) == "1h");
  CHECK(format_duration_ms(15LL * 86'400'000) == "15d");
  CHECK(format_duration_ms(14LL * 86'400'000) == "2w");
  CHECK(format_duration_ms(365LL * 86'400'000) == "1y");
  CHECK(format_duration_ms(1'500) == "1s500ms");
}

TEST_CASE("sizes are powers of 1024 whatever the unit is called", "[document]") {
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("1B").value() == 1);
  CHECK(parse_bytes("1KB").value() == 1024);
  CHECK(parse_bytes("64MiB").value() == std::uint64_t{64} << 20);
  CHECK(parse_bytes("1.5GB").value() == std::uint64_t{3} << 29);
  CHECK(parse_bytes("1EB").value() == std::uint64_t{1} << 60);
  for (const char* bad : {"", "1", "MB", "1XB", "1kb", "-1B", "1M", "99EB", "1 MB"}) {
    INFO(bad);
    CHECK_FALSE(parse_bytes(bad).ok());
  }
}

TEST_CASE("sizes are printed as Prometheus prints them", "[document]") {
  CHECK(format_bytes(0) == "0B");
  CHECK(format_bytes(1536) == "1KiB512B");
  CHECK(format_bytes(std::uint64_t{10} << 20) == "10MiB");
  CHECK(format_bytes(std::uint64_t{3} << 60) == "3EiB");
}

}  // namespace narthex::document
