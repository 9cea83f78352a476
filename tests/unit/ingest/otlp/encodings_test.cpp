// SPDX-License-Identifier: Apache-2.0
#include "tests/support/otlp_fixture.hpp"

#include <catch2/catch.hpp>

#include <charconv>

namespace narthex::test {
namespace {

// A request with a metric of each kind, written by hand from the protobuf definitions.
constexpr std::string_view kRequestHex =
    "0a8e030a270a130a0c736572766963652e6e616d6512030a01730a100a09686f73742e6e616d6512"
    "030a016812e2020a050a036c696212340a03612e621a0242792a290a273a0a0a03782e7912030a01"
    "311118fc2936fe9c97171900002a36fe9c971721000000000000f83f12580a01633a530a4d3a0a0a"
    "03782e7912030a01311118fc2936fe9c97171900002a36fe9c971721000000000000f83f2a241100"
    "002a36fe9c97171900000000000004402a1030313233343536373839616263646566100118011250"
    "0a01684a4b0a471900002a36fe9c9717210600000000000000290000000000002540321801000000"
    "00000000020000000000000003000000000000003a10000000000000f03f00000000000004401002"
    "123f0a0165523a0a361900002a36fe9c9717210a0000000000000029000000000000124030043901"
    "000000000000004207080612030100034a050803120105100212360a01715a310a2f1900002a36fe"
    "9c9717210300000000000000290000000000001840321209000000000000e03f1100000000000000"
    "40";

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    int byte = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace

TEST_CASE("a protobuf request has every kind of metric", "[otlp]") {
  OtlpFixture otlp("{\"deltas\":\"store\"}");
  const net::Response answer = otlp.protobuf(from_hex(kRequestHex));
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  CHECK(net::first(answer.headers, "Content-Type") == "application/x-protobuf");
  using Stored = std::map<std::string, std::string>;
  CHECK(otlp.stored() == Stored{{"__name__=a_b_bytes,job=s,x_y=1,", "1.5@0"},
                                {"__name__=c_total,job=s,x_y=1,", "1.5@0"},
                                {"__name__=e,job=s,", "h4.5@0"},
                                {"__name__=h_bucket,job=s,le=1,", "1@0"},
                                {"__name__=h_bucket,job=s,le=2.5,", "3@0"},
                                {"__name__=h_bucket,job=s,le=+Inf,", "6@0"},
                                {"__name__=h_sum,job=s,", "10.5@0"},
                                {"__name__=h_count,job=s,", "6@0"},
                                {"__name__=q,job=s,quantile=0.5,", "2@0"},
                                {"__name__=q_sum,job=s,", "6@0"},
                                {"__name__=q_count,job=s,", "3@0"},
                                {"__name__=target_info,host_name=h,job=s,", "1@0"}});
}

TEST_CASE("what is refused of a protobuf request comes back as partial success", "[otlp]") {
  OtlpFixture otlp;
  const net::Response answer = otlp.protobuf(from_hex(kRequestHex));
  CHECK(answer.status == 200);
  CHECK(answer.body.find("invalid temporality and type combination") != std::string::npos);
  CHECK(otlp.stored().contains("__name__=a_b_bytes,job=s,x_y=1,"));
  CHECK_FALSE(otlp.stored().contains("__name__=c_total,job=s,x_y=1,"));
}

TEST_CASE("a request cut anywhere, or with any byte changed, is 200 or 400", "[otlp]") {
  const std::string whole = from_hex(kRequestHex);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    OtlpFixture otlp;
    const int status = otlp.protobuf(whole.substr(0, size)).status;
    CHECK((status == 400 || (status == 200 && size == 0)));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    OtlpFixture otlp;
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    const int status = otlp.protobuf(changed).status;
    CHECK((status == 400 || status == 200));
  }
}

}  // namespace narthex::test
