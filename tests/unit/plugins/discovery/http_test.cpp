// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/http/http_discovery.hpp"
#include "plugins/discovery/http/target_response.hpp"
#include "plugins/discovery/static/static_discovery.hpp"
#include "support/fake_host.hpp"
#include "support/recorded_groups.hpp"
#include "support/text_service.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace narthex;
using namespace narthex::http_discovery;
using Strings = std::vector<std::string>;

namespace {

// A server that answers what the test wants, and keeps the last request.
struct FakeServer {
  static inline int status = 200;
  static inline std::string content_type = "application/json";
  static inline std::string body = "[]";
  static inline bool reachable = true;
  static inline std::string url;
  static inline std::map<std::string, std::string> headers;
  static inline std::uint32_t timeout_ms = 0;
  static inline int clients = 0;

  static nx_status NX_CALL client_new(const nx_host*, const nx_value*, nx_http_client** out,
                                      nx_error*) {
    ++clients;
    *out = reinterpret_cast<nx_http_client*>(&clients);
    return NX_OK;
  }
  static void NX_CALL client_free(const nx_host*, nx_http_client*) { --clients; }
  static nx_status NX_CALL request(const nx_host*, nx_http_client*, const nx_http_request* request,
                                   nx_http_done done, void* user, nx_error* err) {
    url = view(request->url);
    timeout_ms = request->timeout_ms;
    headers.clear();
    for (std::uint32_t i = 0; i < request->header_count; ++i) {
      headers[std::string(view(request->headers[i].key))] =
          sdk::Value(&request->headers[i].value).get<std::string>();
    }
    if (!reachable) {
      sdk::ErrorSlot why;
      const nx_status code = sdk::fail(&why, NX_ERR_UNAVAILABLE, "connection refused");
      done(user, nullptr, &why);
      return sdk::fail(err, code, "connection refused");
    }
    sdk::TreeArena arena;
    const std::vector<nx_kv> answered = {arena.entry("content-type", arena.string(content_type))};
    const BufferRef buffer = make_buffer(body);
    nx_http_response response{};
    response.struct_size = sizeof response;
    response.status = status;
    response.headers = answered.data();
    response.header_count = 1;
    response.body = buffer.get();
    done(user, &response, nullptr);
    return NX_OK;
  }
};
constexpr nx_ext_http kFakeHttp = {sizeof(nx_ext_http),     0,
                                   &FakeServer::client_new, &FakeServer::client_free,
                                   &FakeServer::request,    nullptr};

}  // namespace

TEST_CASE("URLs are checked in Prometheus's words", "[http]") {
  CHECK(check_url("http://h/x").ok());
  CHECK(check_url("https://h:1/x?y=%20").ok());
  CHECK(check_url("HTTP://h").ok());
  CHECK(check_url("").message() == "URL is missing");
  CHECK(check_url("ftp://x").message() == "URL scheme must be 'http' or 'https'");
  CHECK(check_url("x y").message() == "URL scheme must be 'http' or 'https'");
  CHECK(check_url("http://").message() == "host is missing in URL");
  CHECK(check_url("http:///x").message() == "host is missing in URL");
  CHECK(check_url("http://x/%zz").message() ==
        "parse \"http://x/%zz\": invalid URL escape \"%zz\"");
}

TEST_CASE("only 200 with JSON in UTF-8 is an answer", "[http]") {
  for (const char* good : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                           "application/json;  charset=\"UTF-8\""}) {
    CHECK(check_response(200, good).ok());
  }
  for (const char* bad : {"", "text/plain", "application/jsonx", "application/json; charset=latin1",
                          "application/json;", "application/json; charset=utf-8x"}) {
    CHECK(check_response(200, bad).message() ==
          "unsupported content type \"" + std::string(bad) + "\"");
  }
  CHECK(check_response(404, "application/json").message() == "server returned HTTP status 404");
}

TEST_CASE("seconds are printed as Go prints them", "[http]") {
  CHECK(seconds_text(60'000) == "60");
  CHECK(seconds_text(500) == "0.5");
  CHECK(seconds_text(1'050) == "1.05");
  CHECK(seconds_text(1'001) == "1.001");
}

TEST_CASE("target groups come from a server", "[http]") {
  test::FakeHost host;
  host.offer(NX_EXT_TEXT, &test::kTextService);
  host.offer(NX_EXT_HTTP, &kFakeHttp);
  test::RecordedGroups groups;
  sdk::DiscoverySink sink = groups.sink();
  HttpDiscovery::Options options{"http://h/targets", 60'000};
  HttpDiscovery http(host.host(), options, sdk::Value());
  REQUIRE(http.start().ok());
  CHECK(FakeServer::clients == 1);

  FakeServer::body = R"([{"targets": ["a:1"], "labels": {"x": "y"}}, {"targets": ["b:1"]}])";
  REQUIRE(http.refresh(sink).ok());
  CHECK(groups.addresses("http://h/targets:0") == Strings{"a:1"});
  CHECK(groups.groups.at("http://h/targets:0").labels ==
        Labels{{"__meta_url", "http://h/targets"}, {"x", "y"}});
  CHECK(groups.addresses("http://h/targets:1") == Strings{"b:1"});
  CHECK(FakeServer::url == "http://h/targets");
  CHECK(FakeServer::timeout_ms == 60'000);
  CHECK(FakeServer::headers.at("X-Prometheus-Refresh-Interval-Seconds") == "60");
  CHECK(FakeServer::headers.at("Accept") == "application/json");

  FakeServer::status = 500;
  CHECK(http.refresh(sink).message() == "server returned HTTP status 500");
  FakeServer::status = 200;
  FakeServer::body = R"([{"targets": ["a:1"], "port": 1}])";
  CHECK(http.refresh(sink).message() == "group 0: unknown field \"port\"");
  FakeServer::body = "[{";
  CHECK_FALSE(http.refresh(sink).ok());
  FakeServer::reachable = false;
  CHECK(http.refresh(sink).message() == "Get \"http://h/targets\": connection refused");
  FakeServer::reachable = true;
  CHECK(groups.updates == 1);
  http.stop();
  CHECK(FakeServer::clients == 0);
}

TEST_CASE("static groups are sent as they are written", "[static]") {
  test::FakeHost host;
  sdk::TreeArena arena;
  const auto group = [&](std::string_view address) {
    return arena.table(std::vector{
        arena.entry("targets", arena.array(std::vector{arena.string(address)})),
        arena.entry("labels", arena.table(std::vector{arena.entry("port", arena.integer(80))}))});
  };
  const nx_value list = arena.array(std::vector{group("a:1"), group("b:1")});
  static_discovery::StaticDiscovery::Options options;
  options.groups = &list;
  CHECK(static_discovery::StaticDiscovery::validate(host.host(), options, sdk::Value()).ok());
  test::RecordedGroups groups;
  sdk::DiscoverySink sink = groups.sink();
  REQUIRE(static_discovery::StaticDiscovery(host.host(), options).refresh(sink).ok());
  CHECK(groups.addresses("0") == Strings{"a:1"});
  CHECK(groups.addresses("1") == Strings{"b:1"});
  CHECK(groups.groups.at("0").labels == Labels{{"port", "80"}});
}
