// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_text/text_parser.hpp"

#include "tests/support/body_mutator.hpp"
#include "tests/support/parse_body.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace narthex::prometheus_text {
namespace {

test::ParsedBody parse(std::string text, std::uint32_t flags = NX_PARSE_HONOR_T) {
  return test::parse_body<TextParser>(std::move(text), flags);
}
double value(const test::ParsedBody& body, std::size_t i) {
  return std::bit_cast<double>(body.samples.at(i).value_bits);
}

TEST_CASE("a body gives its samples in order", "[prometheus_text]") {
  const auto body = parse(
      "# HELP http_requests_total Requests\\nseen \\\\ here.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{code=\"200\",handler=\"/a\\\"b\\n\"} 1027 1395066363000\n"
      "\n"
      "plain 3\n"
      "  spaced{ b = \"2\" , a=\"1\" , }\t1.5\t \n"
      "glued{x=\"y\"}4\n");
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 4);
  CHECK(body.keys[0] == "http_requests_total{code=\"200\",handler=\"/a\\\"b\\n\"}");
  CHECK(body.samples[0].labels ==
        test::Pairs{{"__name__", "http_requests_total"}, {"code", "200"}, {"handler", "/a\"b\n"}});
  CHECK(body.samples[0].t == 1395066363000);
  CHECK(value(body, 1) == 3);
  CHECK_FALSE(body.samples[1].t.has_value());
  CHECK(body.samples[2].labels == test::Pairs{{"__name__", "spaced"}, {"a", "1"}, {"b", "2"}});
  CHECK(value(body, 3) == 4);
  CHECK(body.families.at("http_requests_total").type == NX_TYPE_COUNTER);
  CHECK(body.families.at("http_requests_total").help == "Requests\nseen \\ here.");
}

TEST_CASE("series have the type of their family as a label, where that is asked for",
          "[prometheus_text]") {
  const auto body = test::parse_body<TextParser>(
      "# TYPE a_total counter\na_total 1\nb 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\n"
      "# TYPE u untyped\nu 1\n",
      NX_PARSE_TYPE_UNIT_LABELS);
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 5);
  CHECK(body.samples[0].labels == test::Pairs{{"__name__", "a_total"}, {"__type__", "counter"}});
  CHECK(body.samples[1].labels == test::Pairs{{"__name__", "b"}});
  CHECK(body.samples[2].labels ==
        test::Pairs{{"__name__", "s"}, {"__type__", "summary"}, {"quantile", "0.5"}});
  CHECK(body.samples[3].labels == test::Pairs{{"__name__", "s_sum"}, {"__type__", "summary"}});
  CHECK(body.samples[4].labels == test::Pairs{{"__name__", "u"}});
}

TEST_CASE("the last line may lack its line break", "[prometheus_text]") {
  const auto body = parse("a 1\nb 2");
  REQUIRE(body.status.ok());
  CHECK(body.samples.size() == 2);
  CHECK(parse("a 1\nb 2 5").samples.size() == 2);
  CHECK(parse("a 1\n# comment").status.ok());
  CHECK(parse("").status.ok());
}

TEST_CASE("names may be quoted UTF-8", "[prometheus_text]") {
  const auto body = parse(
      "{\"my.metric\",l=\"v\"} 1\n{\"a b\",\"c d\"=\"e\"} 2\n# TYPE \"my.metric\" counter\n"
      "{l=\"v\",\"late\\\"name\"} 3\n");
  REQUIRE(body.status.ok());
  CHECK(body.samples[0].labels == test::Pairs{{"__name__", "my.metric"}, {"l", "v"}});
  CHECK(body.samples[1].labels == test::Pairs{{"__name__", "a b"}, {"c d", "e"}});
  CHECK(body.samples[2].labels == test::Pairs{{"__name__", "late\"name"}, {"l", "v"}});
  CHECK(body.families.at("my.metric").type == NX_TYPE_COUNTER);
}

TEST_CASE("values are read as Go reads them", "[prometheus_text]") {
  const auto body = parse(
      "a nan\nb INFINITY\nc -inf\nd .5\ne 5.\nf 1E5\ng -0\nh 0.1\ni 17976931348623157e292\n"
      "j 1e-400\nk 123456789012345678\nl 9007199254740993\nm +3\n");
  REQUIRE(body.status.ok());
  CHECK(body.samples[0].value_bits == NX_NORMAL_NAN_BITS);
  CHECK(value(body, 1) == INFINITY);
  CHECK(value(body, 2) == -INFINITY);
  CHECK(value(body, 3) == 0.5);
  CHECK(value(body, 4) == 5);
  CHECK(value(body, 5) == 1e5);
  CHECK(std::signbit(value(body, 6)));
  CHECK(value(body, 7) == 0.1);
  CHECK(value(body, 8) == 17976931348623157e292);
  CHECK(value(body, 9) == 0);
  CHECK(value(body, 10) == 123456789012345678.0);
  CHECK(value(body, 11) == 9007199254740992.0);
  CHECK(value(body, 12) == 3);
}

TEST_CASE("bounds of histograms and quantiles get their canonical text", "[prometheus_text]") {
  const auto body = parse(
      "h{le=\"1\"} 0\n# TYPE h histogram\nh{le=\"1\"} 1\nh{le=\"1e6\"} 1\nh{le=\"+Inf\"} 1\n"
      "h{le=\"abc\"} 1\nh{le=\"1e-10\"} 2\nh{le=\"123456789012\"} 1\nh{le=\"100000\"} 1\n"
      "# TYPE s summary\ns{quantile=\"0.50\"} 1\ns{le=\"1\"} 1\n");
  REQUIRE(body.status.ok());
  const char* const expected[] = {
      "1", "1.0", "1e+06", "+Inf", "abc", "1e-10", "1.23456789012e+11", "100000.0", "0.5", "1"};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CHECK(body.samples.at(i).labels.at(1).second == expected[i]);
  }
}

TEST_CASE("what is refused is refused with line and column", "[prometheus_text]") {
  const std::pair<std::string, std::string> cases[] = {
      {"a 1\n\x01", "line 2, column 1: expected a valid start token"},
      {"<html><body>hello</body></html>", "line 1, column 1: expected a valid start token"},
      {"foo\n", "line 1, column 4: expected value after metric, got \"\\n\""},
      {"a 1\nfoo 1\r\n", "line 2, column 5: strconv.ParseFloat: parsing \"1\\r\": invalid syntax"},
      {"foo 0x10\n", "line 1, column 5: strconv.ParseFloat: parsing \"0x10\": invalid syntax"},
      {"foo 1_000\n", "line 1, column 5: unsupported character in float"},
      {"foo 1e999\n",
       "line 1, column 5: strconv.ParseFloat: parsing \"1e999\": value out of range"},
      {"foo +NaN\n", "line 1, column 5: strconv.ParseFloat"},
      {"foo 1 -5\n", "line 1, column 7: expected timestamp or new record"},
      {"foo 1 99999999999999999999\n", "line 1, column 7: strconv.ParseInt"},
      {"foo 1 5x\n", "line 1, column 8: expected next entry after timestamp"},
      {"foo{a=\"1\"}{b=\"2\"} 1\n", "line 1, column 11: expected value after metric"},
      {"foo{a=\"1\",a=\"2\"} 1\n", "line 1, column 1: label name \"a\" is not unique"},
      {"foo{__name__=\"x\"} 1\n", "line 1, column 1: label name \"__name__\" is not unique"},
      {"{} 1\n", "line 1, column 1: metric name not set"},
      {"a{x=\"y 1\nb 2\n", "line 3, column 1: expected label value"},
      {"foo{a='b'} 1\n", "line 1, column 7: expected label value"},
      {"foo{a:b=\"c\"} 1\n", "line 1, column 6: expected equal"},
      {"foo{a=\"b\\\nc\"} 1\n", "line 1, column 10: expected label value"},
      {"u{x=\"\xff\xfe\"} 1\n", "line 1, column 1: invalid UTF-8"},
      {"# HELP foo \xff\nfoo 1\n", "line 1, column 12: help text \"\\xff\" is not a valid utf8"},
      {"# TYPE foo unknown\n", "line 1, column 12: invalid metric type \"unknown\""},
      {"# TYPE foo  counter\n", "line 1, column 12: invalid metric type \" counter\""},
      {"# TYPE foo\n", "line 1, column 11: invalid metric type \"\""},
      {"# HELP \n", "line 1, column 8: expected metric name after HELP"},
      {"9foo 1\n", "line 1, column 1: expected a valid start token"},
  };
  for (const auto& [text, message] : cases) {
    const auto body = parse(text);
    INFO(text);
    CHECK(body.status.code() == NX_ERR_INVALID_DATA);
    CHECK(body.status.message().substr(0, message.size()) == message);
  }
  const auto body = parse(std::string("nula 1\n\0\nnulb 2\n", 16));
  CHECK(body.status.message().substr(0, 18) == "line 2, column 1: ");
}

TEST_CASE("odd comments are comments", "[prometheus_text]") {
  const auto body =
      parse("#\n# \n#foo\n# HELP\n# HELPfoo\n# TYPEx foo\n#HELP foo x\n# HELP foo\nfoo 1\n");
  REQUIRE(body.status.ok());
  CHECK(body.samples.size() == 1);
  CHECK(body.families.count("foo") == 1);
}

TEST_CASE("without honor_timestamps the body's times are left out", "[prometheus_text]") {
  const auto body = parse("a 1 5\n", 0);
  REQUIRE(body.status.ok());
  CHECK_FALSE(body.samples[0].t.has_value());
}

TEST_CASE("keys of any length end where they should", "[prometheus_text]") {
  // Across the borders of 16 and 64 bytes that the scans work in.
  for (std::size_t name = 1; name < 40; ++name) {
    for (std::size_t text = 0; text < 140; text += 3) {
      const std::string key =
          std::string(name, 'n') + "{l=\"" + std::string(text, '}') + "\",m=\"a\\\"}\\\\\"}";
      const auto body = parse(key + " 1\n" + key +
                              " 2\n# some more text so that scans have room"
                              " for their full width after the line that matters\n");
      REQUIRE(body.status.ok());
      REQUIRE(body.keys == std::vector<std::string>{key, key});
    }
  }
}

TEST_CASE("the parser agrees with the slow one on damaged bodies", "[prometheus_text]") {
  const std::string base =
      "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"
      "http_requests_total{code=\"200\",handler=\"/a\\\"b\\n\"} 1027 1395066363000\n"
      "http_requests_total{code=\"400\"} 3\n"
      "# TYPE rpc summary\nrpc{quantile=\"0.5\"} 4.7e-05\nrpc_sum 1.7560473e+07\nrpc_count 2693\n"
      "# TYPE h histogram\nh_bucket{le=\"0.1\"} 5\nh_bucket{le=\"+Inf\"} 9\nh_sum 3\nh_count 9\n"
      "{\"utf.8\",\"l \xc3\xa9\"=\"x\"} 0.30000000000000004\nnan NaN\ninf +Inf\n";
  const auto seed = static_cast<unsigned>(Catch::rngSeed());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = test::mutate_body(base, random);
    const auto expected = test::ExpositionReference(text, false).read();
    const auto body = parse(text);
    INFO(text);
    INFO(body.status.message());
    REQUIRE(body.status.ok() == expected.has_value());
    if (expected) REQUIRE(body.samples == *expected);
    refused += expected ? 0 : 1;
  }
  CHECK(refused > 1000);
  CHECK(refused < 19'000);
}

constexpr const char* kClassic =
    "# TYPE h histogram\n"
    "h_bucket{a=\"x\",le=\"0.1\"} 2\nh_bucket{le=\"1\",a=\"x\"} 5\nh_bucket{a=\"x\",le=\"+Inf\"} "
    "9\n"
    "h_sum{a=\"x\"} 12.5\nh_count{a=\"x\"} 9\n"
    "h_bucket{le=\"+Inf\"} 1.5\nh_sum 3\nh_count 1.5\n"
    "# TYPE g gauge\ng 1\nh_bucket{le=\"1\"} 4\n";

TEST_CASE("classic histograms become ones with custom buckets", "[prometheus_text]") {
  const auto body = parse(kClassic, NX_PARSE_NHCB);
  INFO(body.status.message());
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 4);
  CHECK(body.samples[0].labels == test::Pairs{{"__name__", "h"}, {"a", "x"}});
  CHECK(body.keys[0] == "h{a=\"x\"}");
  REQUIRE(body.histograms.size() == 2);
  const test::ParsedHistogram& first = body.histograms.at(0);
  CHECK(first.schema == NX_SCHEMA_CUSTOM);
  CHECK(first.bounds == std::vector<double>{0.1, 1});
  CHECK(first.positive == std::map<std::int64_t, double>{{0, 2}, {1, 3}, {2, 4}});
  CHECK(first.count == 9);
  CHECK(first.sum == 12.5);
  CHECK(body.samples[1].labels == test::Pairs{{"__name__", "h"}});
  CHECK(body.histograms.at(1).is_float);
  CHECK(body.histograms.at(1).bounds.empty());
  // Outside of its family it is a series like others.
  CHECK(body.samples[3].labels == test::Pairs{{"__name__", "h_bucket"}, {"le", "1"}});
}

TEST_CASE("classic series are kept beside when that is wanted", "[prometheus_text]") {
  CHECK(parse(kClassic, NX_PARSE_NHCB | NX_PARSE_KEEP_CLASSIC).samples.size() == 12);
  CHECK(parse(kClassic, NX_PARSE_KEEP_CLASSIC).samples.size() == 10);
}

TEST_CASE("batches of any size give the same histograms", "[prometheus_text]") {
  std::string text = "# TYPE h histogram\n";
  for (int i = 0; i < 40; ++i) {
    const std::string label = "i=\"" + std::to_string(i) + "\"";
    for (const char* le : {"1", "2", "+Inf"}) {
      text += "h_bucket{" + label + ",le=\"" + le + "\"} " + std::to_string(i) + " 77\n";
    }
    text += "h_count{" + label + "} " + std::to_string(i) + " 77\n";
    if (i % 3 == 0) text += "other 1\n";
  }
  const auto whole = test::parse_body<TextParser>(text, NX_PARSE_NHCB | NX_PARSE_HONOR_T, 1000);
  REQUIRE(whole.status.ok());
  CHECK(whole.histograms.size() == 40);
  CHECK(whole.samples[1].t == 77);
  for (const std::uint32_t rows : {1u, 2u, 3u, 7u}) {
    const auto parts = test::parse_body<TextParser>(text, NX_PARSE_NHCB | NX_PARSE_HONOR_T, rows);
    CHECK(parts.samples == whole.samples);
    CHECK(parts.histograms == whole.histograms);
  }
}

TEST_CASE("quoted names, odd buckets and contradictions", "[prometheus_text]") {
  const auto quoted = parse(
      "# TYPE \"my.h\" histogram\n{\"my.h_bucket\", le=\"1\" , b=\"\\\"}\"} 1\n"
      "{b=\"\\\"}\",\"my.h_count\"} 1\n",
      NX_PARSE_NHCB);
  REQUIRE(quoted.status.ok());
  REQUIRE(quoted.samples.size() == 1);
  CHECK(quoted.samples[0].labels == test::Pairs{{"__name__", "my.h"}, {"b", "\"}"}});
  // No bound, no bucket: the line stays what it is.
  const auto odd =
      parse("# TYPE h histogram\nh_bucket 3\nh_bucket{le=\"x\"} 3\nh_count 3\n", NX_PARSE_NHCB);
  CHECK(odd.samples.size() == 3);
  CHECK(odd.histograms.size() == 1);
  const auto falling = parse(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"2\"} 2\nh_count 3\n", NX_PARSE_NHCB);
  CHECK(falling.samples.empty());
  // What is wrong with labels is told at the line they stand in.
  const auto twice = parse("a 1\n# TYPE h histogram\nh_count{b=\"1\",b=\"2\"} 1\n", NX_PARSE_NHCB);
  CHECK(twice.status.message() ==
        "line 3, column 1: label name \"b\" is not unique: invalid sample");
}

}  // namespace
}  // namespace narthex::prometheus_text
