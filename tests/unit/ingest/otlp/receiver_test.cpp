// SPDX-License-Identifier: Apache-2.0
#include "tests/support/otlp_fixture.hpp"

#include <catch2/catch.hpp>

namespace narthex::test {
namespace {

using Stored = std::map<std::string, std::string>;

// 1,700,000,000,000 ms, the clock of the fake host.
constexpr const char* kTime = "\"timeUnixNano\":\"1700000000000000000\"";

std::string point(std::string_view rest, std::string_view time = kTime) {
  return "{" + std::string(time) + "," + std::string(rest) + "}";
}
std::string sum(std::string_view name, int temporality, std::string_view points) {
  return "{\"name\":\"" + std::string(name) +
         "\",\"sum\":{\"isMonotonic\":true,"
         "\"aggregationTemporality\":" +
         std::to_string(temporality) + ",\"dataPoints\":[" + std::string(points) + "]}}";
}
std::string at(int seconds) {
  return "\"timeUnixNano\":\"" + std::to_string(1'700'000'000 + seconds) + "000000000\"";
}

}  // namespace

TEST_CASE("a gauge is stored with job, instance and its attributes", "[otlp]") {
  OtlpFixture otlp;
  const net::Response answer = otlp.metric(
      "{\"name\":\"a.b\",\"unit\":\"By\",\"gauge\":{\"dataPoints\":[" +
      point("\"asDouble\":1.5,\"attributes\":[{\"key\":\"x.y\",\"value\":{\"intValue\":\"7\"}},"
            "{\"key\":\"l\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"p\"},"
            "{\"boolValue\":true}]}}}]") +
      "]}}");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{}");
  CHECK(otlp.stored() ==
        Stored{{"__name__=a_b_bytes,instance=i,job=s,l=[\"p\",true],x_y=7,", "1.5@0"}});
}

TEST_CASE("series get type and unit as labels, where those are asked for", "[otlp]") {
  OtlpFixture otlp(R"({"type_and_unit_labels":true})");
  CHECK(otlp.metric("{\"name\":\"a\",\"unit\":\"By/s\",\"gauge\":{\"dataPoints\":[" +
                    point("\"asInt\":3") + "]}}")
            .status == 200);
  CHECK(otlp.metric("{\"name\":\"b\",\"unit\":\"1\",\"summary\":{\"dataPoints\":[" +
                    point("\"count\":\"2\",\"sum\":4") + "]}}")
            .status == 200);
  CHECK(otlp.stored() ==
        Stored{{"__name__=a_bytes_per_second,__type__=gauge,__unit__=bytes_per_second,instance=i,"
                "job=s,",
                "3@0"},
               {"__name__=b_count,__type__=summary,instance=i,job=s,", "2@0"},
               {"__name__=b_sum,__type__=summary,instance=i,job=s,", "4@0"}});
}

TEST_CASE("attributes that become one label are joined", "[otlp]") {
  OtlpFixture otlp;
  CHECK(otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" +
                    point("\"asInt\":3,\"attributes\":[{\"key\":\"x.y\",\"value\":{\"stringValue\":"
                          "\"2\"}},{\"key\":\"x-y\",\"value\":{\"stringValue\":\"1\"}}]") +
                    "]}}")
            .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=a,instance=i,job=s,x_y=1;2,", "3@0"}});
}

TEST_CASE("an explicit histogram becomes a classic one", "[otlp]") {
  OtlpFixture otlp;
  CHECK(otlp.metric("{\"name\":\"h\",\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[" +
                    point("\"count\":6,\"sum\":10.5,\"bucketCounts\":[\"1\",2,3],"
                          "\"explicitBounds\":[1,2.5]") +
                    "]}}")
            .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=h_bucket,instance=i,job=s,le=1,", "1@0"},
                                {"__name__=h_bucket,instance=i,job=s,le=2.5,", "3@0"},
                                {"__name__=h_bucket,instance=i,job=s,le=+Inf,", "6@0"},
                                {"__name__=h_sum,instance=i,job=s,", "10.5@0"},
                                {"__name__=h_count,instance=i,job=s,", "6@0"}});
}

TEST_CASE("or a native one with custom buckets", "[otlp]") {
  OtlpFixture otlp("{\"convert_histograms_to_nhcb\":true}");
  CHECK(otlp.metric("{\"name\":\"h\",\"histogram\":{\"aggregationTemporality\":2,\"dataPoints\":[" +
                    point("\"count\":6,\"sum\":10.5,\"bucketCounts\":[\"1\",2,3],"
                          "\"explicitBounds\":[1,2.5]") +
                    "]}}")
            .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=h,instance=i,job=s,", "h10.5@0"}});
}

TEST_CASE("an exponential histogram becomes a native one", "[otlp]") {
  OtlpFixture otlp;
  const std::string buckets =
      "\"count\":\"10\",\"sum\":4.5,\"scale\":2,\"zeroCount\":1,\"positive\":{\"offset\":3,"
      "\"bucketCounts\":[1,0,3]},\"negative\":{\"offset\":-2,\"bucketCounts\":[5]}";
  CHECK(otlp.metric("{\"name\":\"e\",\"exponentialHistogram\":{\"aggregationTemporality\":2,"
                    "\"dataPoints\":[" +
                    point(buckets) + "]}}")
            .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=e,instance=i,job=s,", "h4.5@0"}});
  const net::Response coarse = otlp.metric(
      "{\"name\":\"e2\",\"exponentialHistogram\":{\"aggregationTemporality\":2,\"dataPoints\":[" +
      point("\"scale\":-5,\"count\":0") + "]}}");
  CHECK(coarse.status == 200);
  CHECK(coarse.body ==
        "{\"partialSuccess\":{\"rejectedDataPoints\":\"1\",\"errorMessage\":\"cannot convert "
        "exponential to native histogram. Scale must be >= -4, was -5\"}}");
}

TEST_CASE("a summary has its quantiles, sum and count", "[otlp]") {
  OtlpFixture otlp;
  CHECK(
      otlp.metric("{\"name\":\"q\",\"summary\":{\"dataPoints\":[" +
                  point("\"count\":3,\"sum\":6,\"quantileValues\":[{\"quantile\":0.5,\"value\":2},"
                        "{\"quantile\":1,\"value\":3}]") +
                  "]}}")
          .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=q,instance=i,job=s,quantile=0.5,", "2@0"},
                                {"__name__=q,instance=i,job=s,quantile=1,", "3@0"},
                                {"__name__=q_sum,instance=i,job=s,", "6@0"},
                                {"__name__=q_count,instance=i,job=s,", "3@0"}});
}

TEST_CASE("no recorded value is a staleness marker", "[otlp]") {
  OtlpFixture otlp;
  CHECK(otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" + point("\"flags\":1") + "]}}")
            .status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=a,instance=i,job=s,", "stale@0"}});
}

TEST_CASE("deltas are refused, added up, or stored", "[otlp]") {
  const std::string first = sum("d", 1, point("\"asInt\":\"2\"", at(-20)));
  const std::string second = sum("d", 1, point("\"asInt\":\"3\"", at(-10)));
  OtlpFixture refusing;
  const net::Response refused = refusing.metric(first);
  CHECK(refused.status == 200);
  CHECK(refused.body ==
        "{\"partialSuccess\":{\"rejectedDataPoints\":\"1\",\"errorMessage\":\"invalid temporality "
        "and type combination for metric \\\"d\\\"\"}}");
  CHECK(refusing.stored().empty());

  OtlpFixture adding("{\"deltas\":\"to_cumulative\"}");
  CHECK(adding.metric(first).body == "{}");
  CHECK(adding.metric(second).body == "{}");
  CHECK(adding.metric(second).body.find("out of order delta point") != std::string::npos);
  CHECK(adding.stored() == Stored{{"__name__=d_total,instance=i,job=s,", "2@980000 5@990000"}});
  adding.host.now_ms += 600'000;  // forgotten meanwhile
  CHECK(adding.metric(sum("d", 1, point("\"asInt\":\"4\"", at(590)))).body == "{}");
  CHECK(adding.stored().at("__name__=d_total,instance=i,job=s,") == "2@980000 5@990000 4@590000");

  OtlpFixture storing("{\"deltas\":\"store\"}");
  CHECK(storing.metric(first).status == 200);
  CHECK(storing.metric(second).status == 200);
  CHECK(storing.stored() == Stored{{"__name__=d_total,instance=i,job=s,", "2@980000 3@990000"}});
}

TEST_CASE("the resource is a series of its own when it says more than who it is", "[otlp]") {
  const std::string body =
      "{\"resourceMetrics\":[{\"resource\":{\"attributes\":["
      "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"s\"}},"
      "{\"key\":\"service.namespace\",\"value\":{\"stringValue\":\"n\"}},"
      "{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}}]},\"scopeMetrics\":[{"
      "\"scope\":{\"name\":\"lib\",\"version\":\"1\",\"attributes\":[{\"key\":\"k\",\"value\":"
      "{\"stringValue\":\"v\"}}]},\"metrics\":[{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" +
      point("\"asInt\":1", at(-400)) + "," + point("\"asInt\":2", at(-1)) + "]}}]}]}]}";
  OtlpFixture otlp;
  CHECK(otlp.json(body).status == 200);
  CHECK(otlp.stored() == Stored{{"__name__=a,job=n/s,", "1@600000 2@999000"},
                                {"__name__=target_info,host_name=h,job=n/s,",
                                 "1@600000 1@750000 1@900000 1@999000"}});
  OtlpFixture promoting(
      "{\"promote_resource_attributes\":[\"host.name\"],\"promote_scope_metadata\":true,"
      "\"keep_identifying_resource_attributes\":true}");
  CHECK(promoting.json(body).status == 200);
  const Stored promoted = promoting.stored();
  CHECK(
      promoted.contains("__name__=a,host_name=h,job=n/s,otel_scope_k=v,otel_scope_name=lib,"
                        "otel_scope_version=1,"));
  CHECK(
      promoted.contains("__name__=target_info,host_name=h,job=n/s,service_name=s,"
                        "service_namespace=n,"));
  OtlpFixture all(
      "{\"promote_all_resource_attributes\":true,\"ignore_resource_attributes\":[\"host.name\"],"
      "\"translation_strategy\":\"NoTranslation\"}");
  CHECK(all.json(body).status == 200);
  CHECK(all.stored().contains("__name__=a,job=n/s,service.name=s,service.namespace=n,"));
}

TEST_CASE("numbers that JSON has no digits for come as texts", "[otlp]") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"\"asDouble\":\"NaN\"", "nan@0"},
      {"\"asDouble\":\"Infinity\"", "inf@0"},
      {"\"asDouble\":\"-Infinity\"", "-inf@0"},
      {"\"asDouble\":\"1.5e3\"", "1500@0"},
      {"\"asInt\":\"-7\"", "-7@0"},
      {"\"asDouble\":null", "0@0"}};
  for (const auto& [value, stored] : cases) {
    CAPTURE(value);
    OtlpFixture otlp;
    CHECK(
        otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" + point(value) + "]}}").status ==
        200);
    CHECK(otlp.stored().begin()->second == stored);
  }
  for (const std::string_view bad :
       {"\"asDouble\":\"x\"", "\"asDouble\":NaN", "\"asInt\":\"NaN\""}) {
    CAPTURE(bad);
    OtlpFixture otlp;
    CHECK(otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" + point(bad) + "]}}").status ==
          400);
  }
}

TEST_CASE("times that cannot be stored are 400 with the reason", "[otlp]") {
  OtlpFixture otlp;
  const net::Response late =
      otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" + point("\"asInt\":1", at(3'600)) +
                  "," + point("\"asInt\":1") + "]}}");
  CHECK(late.status == 400);
  CHECK(late.body.find("too far in the future") != std::string::npos);
  CHECK(late.body.find("1 of 2 samples refused") != std::string::npos);
  CHECK(otlp.stored() == Stored{{"__name__=a,instance=i,job=s,", "1@0"}});
}

TEST_CASE("a commit that fails is not answered with the receiver's 200", "[otlp]") {
  ingest::PluginReply reply;
  const sdk::IngestReply plugin(reply.raw());
  plugin.status(200);
  plugin.header("Content-Type", "application/json");
  plugin.body("{}");
  const net::Response response = reply.finish(unavailable("the disk is full"));
  CHECK(response.status == 503);
  CHECK(response.body == "the disk is full\n");
  CHECK(net::first(response.headers, "Content-Type") == "text/plain; charset=utf-8");
}

TEST_CASE("what is no request is refused", "[otlp]") {
  OtlpFixture otlp;
  CHECK(otlp.json("{}").status == 200);
  CHECK(otlp.protobuf("").status == 200);
  CHECK(otlp.json("").status == 400);
  CHECK(otlp.json("[]").status == 400);
  CHECK(otlp.json("{\"resourceMetrics\":5}").body == "json: resourceMetrics is no array\n");
  CHECK(
      otlp.metric("{\"name\":\"a\",\"gauge\":{\"dataPoints\":[" + point("\"asInt\":\"x\"") + "]}}")
          .status == 400);
  CHECK(otlp.protobuf("garbage").status == 400);
  const net::Response text = otlp.post("a 1\n", "text/plain");
  CHECK(text.status == 400);
  CHECK(text.body ==
        "unsupported content type: text/plain, supported: [application/json, "
        "application/x-protobuf]\n");
}

}  // namespace narthex::test
