// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/any_value.hpp"
#include "plugins/ingest/otlp/names.hpp"

#include <catch2/catch.hpp>

#include <cmath>

namespace narthex::ingest::otlp {
namespace {

struct NameCase {
  const char* name;
  const char* unit;
  MetricKind kind;
  bool monotonic;
  const char* with_suffixes;
  const char* without_suffixes;
  const char* utf8_with_suffixes;
};

}  // namespace

TEST_CASE("metric names by translation strategy", "[otlp]") {
  constexpr auto kGauge = MetricKind::kGauge;
  constexpr auto kSum = MetricKind::kSum;
  const NameCase cases[] = {
      {"system.io", "By", kSum, true, "system_io_bytes_total", "system_io",
       "system.io_bytes_total"},
      {"system.io", "By", kSum, false, "system_io_bytes", "system_io", "system.io_bytes"},
      {"http.server.duration", "s", MetricKind::kHistogram, false, "http_server_duration_seconds",
       "http_server_duration", "http.server.duration_seconds"},
      {"a.ratio", "1", kGauge, false, "a_ratio", "a_ratio", "a_ratio"},
      {"use", "1", kGauge, false, "use_ratio", "use", "use_ratio"},
      {"requests", "1", kSum, true, "requests_total", "requests", "requests_total"},
      {"requests.total", "", kSum, true, "requests_total", "requests_total", "requests_total"},
      {"rate", "By/s", kGauge, false, "rate_bytes_per_second", "rate", "rate_bytes_per_second"},
      {"rate", "m/h", kGauge, false, "rate_meters_per_hour", "rate", "rate_meters_per_hour"},
      {"seen", "{packet}", kSum, true, "seen_total", "seen", "seen_total"},
      {"seen", "{packet}/s", kSum, true, "seen_per_second_total", "seen", "seen_per_second_total"},
      {"a.seconds", "s", kGauge, false, "a_seconds", "a_seconds", "a.seconds"},
      {"a.b..c", "", kGauge, false, "a_b_c", "a_b_c", "a.b..c"},
      {"a__b", "", kGauge, false, "a_b", "a__b", "a__b"},
      {"1a", "", kGauge, false, "_1a", "_1a", "1a"},
      {"t\xC3\xA9st", "", kGauge, false, "t_st", "t_st", "t\xC3\xA9st"},
      {"heat", "Cel", kGauge, false, "heat_celsius", "heat", "heat_celsius"},
      {"odd", "f o/o b", kGauge, false, "odd_f_o_per_o_b", "odd", "odd_f o_per_o b"},
      {"share", "%", kGauge, false, "share_percent", "share", "share_percent"},
  };
  for (const NameCase& c : cases) {
    CAPTURE(c.name, c.unit);
    Metric metric;
    metric.name = c.name;
    metric.unit = c.unit;
    metric.kind = c.kind;
    metric.monotonic = c.monotonic;
    CHECK(metric_name(metric, style_of("UnderscoreEscapingWithSuffixes")) == c.with_suffixes);
    CHECK(metric_name(metric, style_of("UnderscoreEscapingWithoutSuffixes")) == c.without_suffixes);
    CHECK(metric_name(metric, style_of("NoUTF8EscapingWithSuffixes")) == c.utf8_with_suffixes);
    CHECK(metric_name(metric, style_of("NoTranslation")) == c.name);
  }
}

TEST_CASE("label names of attributes", "[otlp]") {
  const NameStyle escaped = style_of("UnderscoreEscapingWithSuffixes");
  const std::pair<const char*, const char*> cases[] = {
      {"http.method", "http_method"}, {"1st", "key_1st"},    {"_hidden", "key_hidden"},
      {"__name", "__name"},           {"a\xC3\xA9z", "a_z"}, {"a..b", "a__b"}};
  for (const auto& [attribute, label] : cases) {
    CHECK(label_name(attribute, escaped) == label);
    CHECK(label_name(attribute, style_of("NoTranslation")) == attribute);
  }
}

TEST_CASE("attribute values as text", "[otlp]") {
  CHECK(double_text(1) == "1");
  CHECK(double_text(0.5) == "0.5");
  CHECK(double_text(1e21) == "1e+21");
  CHECK(double_text(1e20) == "100000000000000000000");
  CHECK(double_text(1e-7) == "1e-7");
  CHECK(double_text(1e-10) == "1e-10");
  CHECK(double_text(std::nan("")) == "json: unsupported value: NaN");
  CHECK(base64_text("") == "");
  CHECK(base64_text("a") == "YQ==");
  CHECK(base64_text("ab") == "YWI=");
  CHECK(base64_text("abc") == "YWJj");
  CHECK(base64_text("\xFF\xFE\xFD") == "//79");
  std::string json;
  append_json_string(json, "<a&\"b>\n");
  CHECK(json == "\"\\u003ca\\u0026\\\"b\\u003e\\n\"");
}

}  // namespace narthex::ingest::otlp
