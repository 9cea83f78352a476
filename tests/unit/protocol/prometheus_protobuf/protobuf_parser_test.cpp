// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/prometheus_protobuf/protobuf_parser.hpp"

#include "tests/support/metric_family.hpp"
#include "tests/support/parse_body.hpp"
#include "tests/support/protobuf_reference.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace narthex::prometheus_protobuf {
namespace {

using test::family;
using test::Message;

test::ParsedBody parse(std::string body, std::uint32_t flags = NX_PARSE_HONOR_T) {
  return test::parse_body<ProtobufParser>(std::move(body), flags);
}

std::string name_of(const test::ReferenceSample& sample) {
  std::string out;
  for (const auto& [name, value] : sample.labels) {
    out += name == "__name__" ? value : "," + name + "=" + value;
  }
  return out;
}
double value_of(const test::ReferenceSample& sample) {
  return std::bit_cast<double>(sample.value_bits);
}
std::vector<std::string> names(const test::ParsedBody& body) {
  std::vector<std::string> out;
  for (const auto& sample : body.samples) out.push_back(name_of(sample));
  return out;
}
std::string histogram_family(const Message& histogram, int type = test::kHistogram) {
  return family("h", type, {Message().part(7, histogram)});
}

TEST_CASE("series have type and unit of their family as labels, where those are asked for",
          "[protobuf]") {
  const auto body = parse(test::whole_body(), NX_PARSE_TYPE_UNIT_LABELS);
  REQUIRE(body.status.ok());
  const std::vector<std::string> all = names(body);
  REQUIRE(all.size() > 8);
  CHECK(all[0] == "c_total,__type__=counter,a=1");
  CHECK(all[2].starts_with("g_seconds,__type__=gauge"));
  CHECK(all[3] == "u,z=\xc3\xa9");
  CHECK(all[4] == "s_count,__type__=summary,x=y");
  CHECK(all[8] == "h_count,__type__=histogram,l=1");
}

TEST_CASE("every kind of metric gives its series", "[protobuf]") {
  const auto body = parse(test::whole_body());
  INFO(body.status.message());
  REQUIRE(body.status.ok());
  const std::vector<std::string> expected = {"c_total,a=1",
                                             "c_total,a=2,b=",
                                             "g_seconds",
                                             "u,z=\xc3\xa9",
                                             "s_count,x=y",
                                             "s_sum,x=y",
                                             "s,quantile=0.5,x=y",
                                             "s,quantile=1.0,x=y",
                                             "h_count,l=1",
                                             "h_sum,l=1",
                                             "h_bucket,l=1,le=0.1",
                                             "h_bucket,l=1,le=1.0",
                                             "h_bucket,l=1,le=7.0",
                                             "h_bucket,l=1,le=+Inf",
                                             "h,l=2",
                                             "f"};
  CHECK(names(body) == expected);
  CHECK(value_of(body.samples[0]) == 5);
  CHECK(body.samples[1].t == 99);
  CHECK_FALSE(body.samples[0].t.has_value());
  CHECK(value_of(body.samples[10]) == 2);
  CHECK(value_of(body.samples[13]) == 9);
  CHECK(body.families.at("c_total").type == NX_TYPE_COUNTER);
  CHECK(body.families.at("c_total").help == "Help \"c\"");
  CHECK(body.families.at("g_seconds").unit == "seconds");
  CHECK(body.families.at("u").type == NX_TYPE_UNKNOWN);
  CHECK(body.families.at("f").type == NX_TYPE_GAUGEHISTOGRAM);
  CHECK(body.starts.empty());
}

TEST_CASE("exemplars of counters, buckets and native histograms are kept", "[protobuf]") {
  const auto body = parse(test::whole_body());
  REQUIRE(body.exemplars.size() == 3);
  CHECK(body.exemplars[0].sample == 0);
  CHECK(body.exemplars[0].labels == test::Pairs{{"trace_id", "KOO5"}});
  CHECK(body.exemplars[0].value == 0.67);
  CHECK(body.exemplars[0].t == 1250);
  CHECK(body.exemplars[1].sample == 12);
  CHECK(body.exemplars[2].sample == 14);
}

TEST_CASE("native histograms take exemplars with a time only", "[protobuf]") {
  const Message timed = Message().number(2, 1).time(3, 5);
  const Message untimed = Message().number(2, 2);
  const Message native = test::native_buckets().varint(1, 9).number(2, 1);
  const auto own =
      parse(histogram_family(Message(native)
                                 .part(16, untimed)
                                 .part(16, timed)
                                 .part(3, Message().varint(1, 9).number(2, 1).part(3, timed))));
  REQUIRE(own.exemplars.size() == 1);
  CHECK(own.exemplars[0].value == 1);
  // Those of the buckets stand in where there are none.
  const auto buckets =
      parse(histogram_family(Message(native)
                                 .part(3, Message().varint(1, 1).number(2, 1).part(3, untimed))
                                 .part(3, Message().varint(1, 9).number(2, 2).part(3, timed))));
  REQUIRE(buckets.exemplars.size() == 1);
  CHECK(buckets.exemplars[0].t == 5000);
}

TEST_CASE("native histograms come without their empty buckets", "[protobuf]") {
  const auto body = parse(histogram_family(Message()
                                               .varint(1, 9)
                                               .number(2, 1)
                                               .zigzag(5, 3)
                                               .number(6, 0.001)
                                               .varint(7, 2)
                                               .span(12, 0, 3)
                                               .span(12, 0, 2)
                                               .span(12, 1, 0)
                                               .span(12, 2, 1)
                                               .deltas(13, {3, -3, 0, 1, -1, 3})));
  INFO(body.status.message());
  REQUIRE(body.histograms.size() == 1);
  const test::ParsedHistogram& h = body.histograms.at(0);
  CHECK(h.schema == 3);
  CHECK(h.positive == std::map<std::int64_t, double>{{0, 3}, {3, 1}, {8, 3}});
  CHECK(h.count == 9);
  CHECK(h.zero_count == 2);
  CHECK(h.reset_hint == NX_RESET_UNKNOWN);
}

TEST_CASE("float and gauge histograms are told apart", "[protobuf]") {
  const auto body = parse(test::whole_body());
  REQUIRE(body.histograms.size() == 2);
  const test::ParsedHistogram& gauge = body.histograms.at(15);
  CHECK(gauge.is_float);
  CHECK(gauge.reset_hint == NX_RESET_GAUGE);
  CHECK(gauge.count == 9.5);
  CHECK(gauge.zero_count == 2.5);
  CHECK(gauge.positive == std::map<std::int64_t, double>{{-1, 3}, {0, 4}});
  CHECK_FALSE(body.histograms.at(14).is_float);
  CHECK(body.histograms.at(14).negative == std::map<std::int64_t, double>{{0, 1}});
}

TEST_CASE("an empty span makes a histogram without observations native", "[protobuf]") {
  const auto body = parse(histogram_family(Message().zigzag(5, 3).span(12, 0, 0)));
  CHECK(names(body) == std::vector<std::string>{"h"});
  CHECK(body.histograms.size() == 1);
}

TEST_CASE("what becomes of a histogram that is native and classic", "[protobuf]") {
  const std::string both =
      histogram_family(test::classic_histogram().raw(test::native_buckets().text()));
  const std::vector<std::string> classic = {"h_count", "h_sum", "h_bucket,le=0.1",
                                            "h_bucket,le=1.0", "h_bucket,le=+Inf"};
  std::vector<std::string> all = classic;
  all.insert(all.begin(), "h");
  CHECK(names(parse(both)) == std::vector<std::string>{"h"});
  CHECK(names(parse(both, NX_PARSE_KEEP_CLASSIC)) == all);
  CHECK(names(parse(both, NX_PARSE_NO_NATIVE)) == classic);
  CHECK(names(parse(both, NX_PARSE_NHCB)) == std::vector<std::string>{"h"});
  CHECK(parse(both, NX_PARSE_NHCB).histograms.at(0).schema == 3);
  CHECK(parse(both, NX_PARSE_NHCB | NX_PARSE_NO_NATIVE).histograms.at(0).schema ==
        NX_SCHEMA_CUSTOM);
}

TEST_CASE("a classic histogram becomes one with custom buckets", "[protobuf]") {
  const auto body = parse(histogram_family(test::classic_histogram()), NX_PARSE_NHCB);
  REQUIRE(names(body) == std::vector<std::string>{"h"});
  const test::ParsedHistogram& h = body.histograms.at(0);
  CHECK(h.schema == NX_SCHEMA_CUSTOM);
  CHECK(h.bounds == std::vector<double>{0.1, 1});
  CHECK(h.positive == std::map<std::int64_t, double>{{0, 2}, {1, 3}, {2, 4}});
  CHECK(h.count == 9);
  CHECK(h.sum == 12.5);
  CHECK_FALSE(h.is_float);
  const auto kept =
      parse(histogram_family(test::classic_histogram()), NX_PARSE_NHCB | NX_PARSE_KEEP_CLASSIC);
  CHECK(names(kept).size() == 6);
  const auto fractions = parse(
      histogram_family(Message().number(4, 9.5).part(3, Message().number(4, 2.5).number(2, 1))),
      NX_PARSE_NHCB);
  CHECK(fractions.histograms.at(0).is_float);
}

TEST_CASE("buckets out of order, twice or without a bound", "[protobuf]") {
  const auto bucket = [](double bound, std::uint64_t count) {
    return Message().varint(1, count).number(2, bound);
  };
  const std::string body = histogram_family(Message()
                                                .varint(1, 9)
                                                .part(3, bucket(1, 2))
                                                .part(3, bucket(1, 5))
                                                .part(3, bucket(0.5, 1))
                                                .part(3, bucket(std::nan(""), 1))
                                                .part(3, bucket(INFINITY, 9))
                                                .part(3, bucket(3, 4)));
  // Nothing is looked at behind the last bound.
  CHECK(names(parse(body)).back() == "h_bucket,le=+Inf");
  CHECK(names(parse(body)).size() == 7);
  const auto custom = parse(body, NX_PARSE_NHCB);
  CHECK(names(custom) == std::vector<std::string>{"h_bucket,le=NaN", "h"});
  CHECK(custom.histograms.at(1).positive == std::map<std::int64_t, double>{{0, 1}, {1, 1}, {2, 7}});
  // Counts that fall contradict each other.
  const auto falling =
      histogram_family(Message().varint(1, 9).part(3, bucket(1, 5)).part(3, bucket(2, 4)));
  CHECK(names(parse(falling, NX_PARSE_NHCB)).empty());
}

TEST_CASE("start times are given when they are asked for", "[protobuf]") {
  const auto body = parse(test::whole_body(), NX_PARSE_START_T);
  CHECK(body.starts == std::map<std::size_t, std::int64_t>{{0, 7000}, {14, 3000}});
}

TEST_CASE("bodies that Prometheus takes are taken", "[protobuf]") {
  const Message counter = Message().part(3, Message().number(1, 3));
  const std::string bodies[] = {
      "",
      family("c", test::kCounter, {}),
      std::string(1, '\0') + family("c", test::kCounter, {counter}),
      family("c", test::kCounter, {Message().part(2, Message().number(1, 3))}),
      family("c", test::kCounter, {Message().label("a", "b")}),
      family("a.b \xc3\xbc", test::kCounter, {Message().label("x.y", "z")}),
      family("c_seconds_total", test::kCounter, {counter}, "", "seconds"),
      family("c", test::kCounter, {Message(counter).varint(98, 5).number(97, 1).bytes(99, "x")}),
      Message().part(4, counter).varint(3, 0).bytes(1, "late").delimited(),
      Message().bytes(1, "c").part(4, counter).raw("\x0b\x10\x01\x0c").delimited(),
      histogram_family(Message()),
  };
  for (const std::string& text : bodies) {
    const auto body = parse(text);
    INFO(body.status.message());
    CHECK(body.status.ok());
  }
  // A message in pieces is their sum, labels may follow the value.
  const auto pieces = parse(family("c", test::kCounter,
                                   {Message()
                                        .part(3, Message().number(1, 7))
                                        .label("a", "b")
                                        .part(3, Message().part(2, Message().number(2, 1)))
                                        .label("c", "d")}));
  REQUIRE(names(pieces) == std::vector<std::string>{"c,a=b,c=d"});
  CHECK(value_of(pieces.samples[0]) == 7);
  CHECK(pieces.exemplars.size() == 1);
}

TEST_CASE("what cannot be right is refused with its place", "[protobuf]") {
  const Message counter = Message().part(3, Message().number(1, 3));
  const auto native = [](const Message& histogram) { return histogram_family(histogram); };
  const std::pair<std::string, const char*> cases[] = {
      {"\x64"
       "abc",
       "byte 0: a metric family of 100 bytes, but the body has 3 more only"},
      {"\x80", "byte 0: bad length of a metric family"},
      {family("", test::kCounter, {counter}), "byte 1: invalid metric name \"\""},
      {family("c\xff", test::kCounter, {counter}), "byte 1: invalid metric name \"c\\xff\""},
      {family("c", test::kCounter, {counter}, "\xff"), "byte 1: invalid help for metric \"c\""},
      {family("c", 9, {counter}), "byte 1: unknown metric type for metric \"c\": 9"},
      {family("c", test::kGauge, {counter}, "", "s"),
       "byte 1: unit \"s\" not a suffix of metric \"c\""},
      {family("c", test::kCounter, {Message().label("a", "1").label("a", "2")}),
       "byte 6: label name \"a\" is not unique: invalid sample"},
      {family("c", test::kCounter, {Message().label("a", "\xff")}),
       "byte 6: invalid label value \"\\xff\""},
      {family("c", test::kCounter, {Message().part(3, Message().varint(1, 3))}),
       "byte 10: wrong wire type for a known field"},
      {Message().raw(std::string(1, '\0')).delimited(), "byte 1: field number 0"},
      {Message().raw("\x0f").delimited(), "byte 1: unknown wire type"},
      {Message()
           .raw("\x09"
                "abc")
           .delimited(),
       "byte 1: the message ends within a number"},
      {native(test::native_buckets().varint(1, 3)),
       "byte 6: histogram's observation count is not that of its buckets"},
      {native(Message().zigzag(5, 9).span(12, 0, 0)), "byte 6: unknown histogram schema"},
      {native(Message().zigzag(5, 3).span(12, 0, 5)),
       "byte 6: histogram spans specify different number of buckets than provided"},
      {native(Message().span(12, 0, 1).span(12, -1, 1).deltas(13, {1, 1})),
       "byte 6: histogram has a span whose offset is negative"},
      {native(Message().span(12, 0, 1).deltas(13, {-1})),
       "byte 6: histogram has a bucket whose observation count is negative"},
  };
  for (const auto& [text, message] : cases) {
    INFO(message);
    CHECK(parse(text).status.message() == message);
  }
}

TEST_CASE("a long name does not count for millions of series", "[protobuf]") {
  std::vector<Message> metrics(100'000, Message());
  const std::string body = family(std::string(10'000, 'n'), test::kGauge, metrics);
  const auto parsed = test::parse_body<ProtobufParser>(body, 0, 1000);
  CHECK(parsed.status.message().ends_with("the names of the series are far longer than the body"));
  CHECK(parsed.samples.size() > 100);
}

TEST_CASE("the parser agrees with the slow one on damaged protobuf bodies", "[protobuf]") {
  const std::string base = test::whole_body();
  const auto seed = static_cast<unsigned>(Catch::rngSeed());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = base;
    for (auto changes = random() % 3; changes != 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text[at] = static_cast<char>(text[at] + 1);
          break;
        default:
          text.erase(at, random() % 4);
      }
    }
    const auto flags = static_cast<std::uint32_t>(random()) & 0x2F;
    const auto expected = test::ProtobufReference(text, flags).read();
    const auto body = parse(text, flags);
    INFO("round " << i << ", flags " << flags);
    INFO(body.status.message());
    REQUIRE(body.status.ok() == expected.has_value());
    if (!expected) continue;
    ++taken;
    REQUIRE(body.samples == expected->samples);
    REQUIRE(body.starts == expected->starts);
    REQUIRE(body.histograms == expected->histograms);
  }
  CHECK(taken > 5'000);
}

}  // namespace
}  // namespace narthex::prometheus_protobuf
