// SPDX-License-Identifier: Apache-2.0
#include "tests/support/gateway_fixture.hpp"
#include "tests/unit/ingest/pushgateway/recorded_pushes.hpp"

#include <catch2/catch.hpp>

#include <span>

namespace narthex::test {
namespace {

const net::Params kProtobuf{{"content-type",
                             "application/vnd.google.protobuf; "
                             "proto=io.prometheus.client.MetricFamily; encoding=delimited"}};

void check_pushes(std::span<const RecordedPush> pushes, const net::Params& headers) {
  for (const RecordedPush& push : pushes) {
    const TemporaryFolder folder;
    GatewayFixture gateway(folder.path());
    CAPTURE(push.body);
    const net::Response answer = gateway.put("job/t", std::string(push.body), headers);
    CHECK(answer.status == push.status);
    CHECK(answer.body == push.answer);
    CHECK(gateway.exposed() == push.exposed);
    gateway.restart();
    CHECK(gateway.exposed() == push.exposed);
  }
}

}  // namespace

TEST_CASE("text bodies are taken and refused as the gateway does", "[pushgateway]") {
  check_pushes(kTextPushes, {});
}

TEST_CASE("protobuf bodies are taken and refused as the gateway does", "[pushgateway]") {
  check_pushes(kProtobufPushes, kProtobuf);
}

}  // namespace narthex::test
