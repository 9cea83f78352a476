// SPDX-License-Identifier: Apache-2.0
#include "tests/support/gateway_fixture.hpp"
#include "tests/unit/ingest/pushgateway/recorded_pushes.hpp"

#include <catch2/catch.hpp>

namespace narthex::test {

using Stored = std::map<std::string, std::string>;

namespace {

// Without the push times, which every group has.
Stored pushed(GatewayFixture& gateway) {
  Stored all = gateway.stored();
  std::erase_if(all, [](const auto& entry) {
    return entry.first.find("__name__=push_") != std::string::npos;
  });
  return all;
}

}  // namespace

TEST_CASE("pushed metrics are stored at every tick with the labels of their group",
          "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  gateway.tick();
  CHECK(gateway.stored().empty());
  CHECK(gateway.put("job/t/instance/i", "a{x=\"1\"} 5\n").status == 200);
  CHECK(gateway.put("job/u", "a 6\n").status == 200);
  gateway.tick();
  gateway.host.now_ms += 15'000;
  gateway.tick();
  CHECK(pushed(gateway) == Stored{{"__name__=a,instance=i,job=t,x=1,", "5@0 5@15000"},
                                  {"__name__=a,job=u,", "6@0 6@15000"}});
  CHECK(gateway.stored().at("__name__=push_time_seconds,job=u,") ==
        "1700000000@0 1700000000@15000");
}

TEST_CASE("a series that is gone gets one staleness marker", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t", "a 1\nb 2\n").status == 200);
  gateway.tick();
  gateway.host.now_ms += 1'000;
  CHECK(gateway.put("job/t", "b 3\n").status == 200);
  gateway.tick();
  gateway.host.now_ms += 1'000;
  CHECK(gateway.request("DELETE", "job/t").status == 202);
  gateway.tick();
  gateway.host.now_ms += 1'000;
  gateway.tick();
  CHECK(pushed(gateway) == Stored{{"__name__=a,job=t,", "1@0 stale@1000"},
                                  {"__name__=b,job=t,", "2@0 3@1000 stale@2000"}});
}

TEST_CASE("bounds of buckets and quantiles are those that scraping stores", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway
            .put("job/t",
                 "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\nh_count 3\n"
                 "# TYPE s summary\ns{quantile=\"1\"} 4\ns_sum 5\ns_count 6\n")
            .status == 200);
  gateway.tick();
  CHECK(pushed(gateway) == Stored{{"__name__=h_bucket,job=t,le=1.0,", "1@0"},
                                  {"__name__=h_bucket,job=t,le=+Inf,", "3@0"},
                                  {"__name__=h_sum,job=t,", "2@0"},
                                  {"__name__=h_count,job=t,", "3@0"},
                                  {"__name__=s,job=t,quantile=1.0,", "4@0"},
                                  {"__name__=s_sum,job=t,", "5@0"},
                                  {"__name__=s_count,job=t,", "6@0"}});
}

TEST_CASE("native histograms are stored as such", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  // A summary s, a classic histogram h, a native one n.
  CHECK(gateway
            .put("job/t", std::string(kProtobufPushes[2].body),
                 {{"content-type",
                   "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
                   "encoding=delimited"}})
            .status == 200);
  gateway.tick();
  const Stored all = pushed(gateway);
  CHECK(all.at("__name__=n,job=t,") == "h4.5@0");
  CHECK_FALSE(all.contains("__name__=n_count,job=t,"));
  CHECK(all.at("__name__=h_count,job=t,") == "3@0");
}

TEST_CASE("groups are stored again after a restart without a push", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t", "a 1\n").status == 200);
  gateway.restart();
  gateway.tick();
  CHECK(pushed(gateway) == Stored{{"__name__=a,job=t,", "1@0"}});
}

}  // namespace narthex::test
