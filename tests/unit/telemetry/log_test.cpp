// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"
#include "telemetry/log_line.hpp"
#include "telemetry/rate_limit.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace narthex::telemetry;

namespace {

std::string line(LogFormat format, std::string_view text, const std::vector<Field>& fields,
                 std::uint64_t suppressed = 0) {
  std::string out;
  append_log_line(out, format, {1795514400123, Level::kWarn, "scrape", text, fields, suppressed});
  return out;
}

// Lines that were logged while it lives.
class Captured {
 public:
  Captured() { capture_log(&lines_); }
  ~Captured() {
    capture_log(nullptr);
    configure_log({});
  }
  const std::string& lines() const { return lines_; }

 private:
  std::string lines_;
};

}  // namespace

TEST_CASE("a logfmt line looks like one of Prometheus 3", "[telemetry]") {
  CHECK(line(LogFormat::kLogfmt, "cannot scrape", {{"target", "http://a:1/metrics"}, {"n", 3}}) ==
        "time=2026-11-24T10:00:00.123Z level=WARN component=scrape msg=\"cannot scrape\" "
        "target=http://a:1/metrics n=3");
  CHECK(line(LogFormat::kLogfmt, "ready", {}, 7) ==
        "time=2026-11-24T10:00:00.123Z level=WARN component=scrape msg=ready suppressed=7");
}

TEST_CASE("whatever a value holds, a logfmt line stays one line", "[telemetry]") {
  const std::string text =
      line(LogFormat::kLogfmt, "x", {{"a", ""}, {"b", "1=\"2\"\\\n\x01\xff"}, {"c", "ä"}});
  CHECK(text.ends_with(R"(msg=x a="" b="1=\"2\"\\\n\x01\xff" c="ä")"));
}

TEST_CASE("a JSON line keeps numbers and booleans bare", "[telemetry]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(line(LogFormat::kJson, "a \"b\"",
             {{"n", -3}, {"yes", true}, {"ratio", 0.5}, {"nan", nan}, {"text", "1\n\xff"}}, 2) ==
        R"({"time":"2026-11-24T10:00:00.123Z","level":"WARN","component":"scrape",)"
        R"("msg":"a \"b\"","n":-3,"yes":true,"ratio":0.5,"nan":"NaN","text":"1\n)"
        "\xEF\xBF\xBD"
        R"(","suppressed":2})");
}

TEST_CASE("a message that repeats itself is held back and counted", "[telemetry]") {
  RateLimit limit;
  for (int i = 0; i < RateLimit::kLinesMax; ++i) CHECK(limit.admit("a", i) == 0u);
  CHECK_FALSE(limit.admit("a", 100));
  CHECK_FALSE(limit.admit("a", 9'999));
  CHECK(limit.admit("b", 9'999) == 0u);
  CHECK(limit.admit("a", 10'000) == 2u);
  CHECK(limit.admit("a", 10'001) == 0u);
}

TEST_CASE("messages without end do not fill the memory of the limit", "[telemetry]") {
  RateLimit limit;
  for (int i = 0; i < 5'000; ++i) CHECK(limit.admit(std::to_string(i), i / 100).has_value());
}

TEST_CASE("levels below the configured one are not written", "[telemetry]") {
  const Captured captured;
  const Log log("net");
  log.debug("hidden");
  log.info("shown");
  configure_log({Level::kError, LogFormat::kJson});
  log.warn("hidden");
  log.child("web").error("also", {{"code", 1}});
  const std::string& lines = captured.lines();
  CHECK(lines.find("hidden") == std::string::npos);
  CHECK(lines.find("component=net msg=shown\n") != std::string::npos);
  CHECK(lines.find(R"("component":"web","msg":"also","code":1})") != std::string::npos);
}

TEST_CASE("a flood at one place of the code leaves ten lines", "[telemetry]") {
  const Captured captured;
  for (int i = 0; i < 50; ++i) Log("x").warn("again", {{"i", i}});
  const std::string& lines = captured.lines();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 10);
}
