// SPDX-License-Identifier: Apache-2.0
// What Prometheus 3.5.3 answers to the same headers and names.
#include "federate/name_escaping.hpp"
#include "federate/negotiation.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace narthex::federate {
namespace {

const std::string kProtobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

std::string answered(const std::string& accept) { return negotiate(accept).content_type(); }

TEST_CASE("an Accept header gets text or delimited protobuf", "[federate]") {
  const std::string text = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
  const std::string protobuf =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
      "encoding=delimited; escaping=underscores";
  for (const char* accept :
       {"", "*/*", "text/plain", "text/plain;version=0.0.4", "text/plain; version=1.0.0",
        "application/openmetrics-text", "application/openmetrics-text;version=1.0.0,*/*;q=0.1",
        "application/vnd.google.protobuf", "text/plain;escaping=zzz",
        "application/vnd.google.protobuf;proto=x;encoding=delimited", ",;=,;q=;;"}) {
    INFO(accept);
    CHECK(answered(accept) == text);
  }
  CHECK(answered(kProtobuf) == protobuf);
  CHECK(answered(" " + kProtobuf + " ; q=0.9 , text/plain;q=0.1") == protobuf);
  CHECK(answered("text/plain;q=0.1," + kProtobuf + ";q=0.9") == protobuf);
  CHECK(answered(kProtobuf + ";q=0.1,text/plain;q=0.9") == text);
  CHECK(answered(kProtobuf + ",text/plain") == protobuf);
}

TEST_CASE("names are escaped as the header says", "[federate]") {
  CHECK(answered("text/plain;version=1.0.0;escaping=allow-utf-8") ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8");
  CHECK(answered("text/plain;escaping=dots") ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=dots");
  // Also where another media type of the header says it.
  CHECK(answered("application/openmetrics-text;escaping=values,text/plain;q=0.1") ==
        "text/plain; version=0.0.4; charset=utf-8; escaping=values");
  CHECK(negotiate(kProtobuf + ";escaping=allow-utf-8").escaping == Escaping::kNone);
}

TEST_CASE("a name of other characters is escaped in every scheme", "[federate]") {
  const std::string name = "utf8.n\xc3\xa4me_1";
  CHECK(escape_name(name, Escaping::kNone) == name);
  CHECK(escape_name(name, Escaping::kUnderscores) == "utf8_n_me_1");
  CHECK(escape_name(name, Escaping::kDots) == "utf8_dot_n__me__1");
  CHECK(escape_name(name, Escaping::kValues) == "U__utf8_2e_n_e4_me__1");
  CHECK(escape_name("1a", Escaping::kUnderscores) == "_a");
  CHECK(escape_name("\xe2\x82\xac", Escaping::kValues) == "U___20ac_");
  CHECK(escape_name("a\xff.", Escaping::kValues) == "U__a_fffd__2e_");
  for (const Escaping scheme : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    CHECK(escape_name("job:a_total1", scheme) == "job:a_total1");
    CHECK(escape_name("", scheme) == "");
  }
}

}  // namespace
}  // namespace narthex::federate
