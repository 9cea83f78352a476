// SPDX-License-Identifier: Apache-2.0
// The pure parts: targets, URLs, proxies, chunks, compression, routes.
#include "net/chunked.hpp"
#include "net/compression.hpp"
#include "net/credentials.hpp"
#include "net/oauth2_source.hpp"
#include "net/proxy_rules.hpp"
#include "net/response_parser.hpp"
#include "net/router.hpp"
#include "net/target.hpp"
#include "net/url.hpp"

#include <catch2/catch.hpp>

#include <zstd.h>

#include <random>

using namespace narthex;
using namespace narthex::net;

namespace {

std::string resolved(const std::string& base, const std::string& reference) {
  const auto url = resolve_url(*parse_url(base), reference);
  return url.ok() ? url->text() : url.status().message();
}

}  // namespace

TEST_CASE("pairs are decoded in order and bad ones left out", "[net]") {
  const Params pairs = parse_pairs("a=1&b=x%20y+z&&a=2&bad=%zz&c;d=1&e&=f");
  const Params expected = {{"a", "1"}, {"b", "x y z"}, {"a", "2"}, {"e", ""}, {"", "f"}};
  CHECK(pairs == expected);
  CHECK(percent_decode("%", false) == std::nullopt);
  CHECK(percent_decode("%4", false) == std::nullopt);
  CHECK(percent_decode("a+%41", false) == "a+A");
  CHECK(encode_pair_text("a b&=\xc3\xa9~") == "a+b%26%3D%C3%A9~");
}

TEST_CASE("URLs are split and references resolved", "[net]") {
  const auto url = parse_url("HTTP://u:p%40@[::1]:8080/a?b=c#frag");
  REQUIRE(url.ok());
  CHECK(url->scheme == "http");
  CHECK(url->host == "::1");
  CHECK(url->port == 8080);
  CHECK(url->authority == "[::1]:8080");
  CHECK(url->target == "/a?b=c");
  CHECK(url->text() == "http://u:***@[::1]:8080/a?b=c");
  CHECK(parse_url("https://h")->port == 443);
  CHECK(parse_url("http://h?x")->target == "/?x");
  CHECK(parse_url("http://h/a b\r\nX: y")->target == "/a%20b%0D%0AX:%20y");
  for (const char* bad : {"", "h", "/x", "http:", "http://", "http:///x", "http://h:99999/",
                          "http://h:x/", "http://[::1", "http://a b/", "://h"}) {
    INFO(bad);
    CHECK_FALSE(parse_url(bad).ok());
  }
  CHECK(resolved("http://h/a/b?q", "c") == "http://h/a/c");
  CHECK(resolved("http://h/a/b?q", "../../../c/./d/..") == "http://h/c/");
  CHECK(resolved("http://h/a/b?q", "?x=1") == "http://h/a/b?x=1");
  CHECK(resolved("http://h/a/b?q", "//other:1/x") == "http://other:1/x");
  CHECK(resolved("http://h/a/b?q", "https://o") == "https://o/");
  CHECK(resolved("http://h/a/b?q", "/") == "http://h/");
  CHECK(same_place(*parse_url("http://H/"), *parse_url("http://h:80/x")));
  CHECK(same_place(*parse_url("http://h/"), *parse_url("https://h/")));
  CHECK_FALSE(same_place(*parse_url("https://h/"), *parse_url("http://h/")));
  CHECK_FALSE(same_place(*parse_url("http://h:1/"), *parse_url("http://h:2/")));
}

TEST_CASE("no_proxy is read as Go reads it", "[net]") {
  const auto excepted = [](const char* list, const char* host, int port = 80) {
    return proxy_excepted(list, host, port);
  };
  CHECK(excepted("", "localhost"));
  CHECK(excepted("", "127.0.0.5"));
  CHECK(excepted("", "::1"));
  CHECK_FALSE(excepted("", "h"));
  CHECK(excepted("*", "h"));
  CHECK(excepted("a.b, c.d", "c.d"));
  CHECK(excepted("c.d", "x.C.D"));
  CHECK_FALSE(excepted("c.d", "xc.d"));
  CHECK(excepted(".c.d", "x.c.d"));
  CHECK_FALSE(excepted(".c.d", "c.d"));
  CHECK_FALSE(excepted("*.c.d", "c.d"));
  CHECK(excepted("10.0.0.0/8", "10.1.2.3"));
  CHECK_FALSE(excepted("10.0.0.0/8", "11.1.2.3"));
  CHECK(excepted("fd00::/8", "fd12::1"));
  CHECK(excepted("h:80", "h", 80));
  CHECK_FALSE(excepted("h:81", "h", 80));
  const ProxyRules rules("proxy:3128", "h", false, {});
  CHECK(rules.choose(*parse_url("http://x/")).url == "http://proxy:3128");
  CHECK(rules.choose(*parse_url("http://h/")).url.empty());
  CHECK(rules.choose(*parse_url("http://127.0.0.1/")).url.empty());
  const ProxyRules always("http://proxy:3128", "", false, {});
  CHECK(always.choose(*parse_url("http://127.0.0.1/")).url == "http://proxy:3128");
}

TEST_CASE("chunks decode the same however they are cut", "[net]") {
  const std::string wire = "3\r\nabc\r\nA ;e=\"1\"\r\n0123456789\r\n0\r\nT: x\r\n\r\nrest";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    ChunkedDecoder decoder(ChunkedDecoder::LineEnds::kStrict);
    std::string body;
    std::size_t used = decoder.feed(std::string_view(wire).substr(0, cut), body, 100);
    if (used == cut) used += decoder.feed(std::string_view(wire).substr(cut), body, 100);
    CHECK(decoder.done());
    CHECK(body == "abc0123456789");
    CHECK(used == wire.size() - 4);
  }
  ChunkedDecoder small(ChunkedDecoder::LineEnds::kStrict);
  std::string body;
  small.feed(wire, body, 12);
  CHECK(small.too_large());
}

TEST_CASE("an answer parses the same however it is cut", "[net]") {
  const std::string wire =
      "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    ResponseParser parser(ResponseLimits{});
    parser.feed(std::string_view(wire).substr(0, cut));
    parser.feed(std::string_view(wire).substr(cut));
    REQUIRE(parser.done());
    CHECK(parser.body() == "abc");
    CHECK(parser.keep_alive());
  }
}

TEST_CASE("compressed bodies come back and are bounded", "[net]") {
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += static_cast<char>('a' + random() % 4);
  std::string zstd(ZSTD_compressBound(text.size()), '\0');
  zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), text.data(), text.size(), 1));
  for (const auto& [encoding, body] : {std::pair<std::string, std::string>("gzip", gzip(text)),
                                       {"zstd", zstd},
                                       {"identity", text}}) {
    INFO(encoding);
    const auto whole = decompress(encoding, body, text.size());
    REQUIRE(whole.ok());
    CHECK(*whole == text);
    CHECK(decompress(encoding, body, text.size() - 1).status().code() == NX_ERR_EXHAUSTED);
    if (encoding == "identity") continue;
    CHECK(decompress(encoding, body.substr(0, body.size() / 2), 1 << 20).status().code() ==
          NX_ERR_INVALID_DATA);
  }
  CHECK(decompress("br", "x", 10).status().code() == NX_ERR_UNSUPPORTED);
  CHECK(decompress("gzip", "", 10).status().code() == NX_ERR_INVALID_DATA);
  GzipWriter writer;
  std::string packed;
  for (std::size_t at = 0; at < text.size(); at += 1000) {
    packed += writer.write(std::string_view(text).substr(at, 1000), false);
  }
  packed += writer.write({}, true);
  CHECK(*decompress("gzip", packed, 1 << 20) == text);
}

TEST_CASE("the most literal route wins", "[net]") {
  telemetry::Registry registry;
  Router router;
  const auto add = [&](const char* method, const char* path) {
    Route route;
    route.method = method;
    route.path = path;
    return router.add(std::move(route), RouteMetrics(registry, path));
  };
  for (const char* path : {"/", "/a/{x}/c", "/a/b/c", "/a/{x}/d", "/f/{rest...}", "/f/g/h"}) {
    REQUIRE(add("GET", path).ok());
  }
  REQUIRE(add("POST", "/a/b/c").ok());
  CHECK(add("GET", "/a/b/c").code() == NX_ERR_ALREADY_EXISTS);
  CHECK_FALSE(add("GET", "/x/{rest...}/y").ok());
  CHECK_FALSE(add("GET", "x").ok());
  const auto found = [&](const char* method, const char* path) {
    const Match match = router.find(method, path);
    if (match.entry == nullptr) return match.allow;
    std::string text = match.entry->route().path;
    for (const auto& [name, value] : match.path_params) text += " " + name + "=" + value;
    return text;
  };
  CHECK(found("GET", "/") == "/");
  CHECK(found("HEAD", "/a/b/c") == "/a/b/c");
  CHECK(found("GET", "/a/b/d") == "/a/{x}/d x=b");
  CHECK(found("GET", "/a/%2F+/c") == "/a/{x}/c x=/+");
  CHECK(found("GET", "/a//c").empty());
  CHECK(found("GET", "/f/g/h") == "/f/g/h");
  CHECK(found("GET", "/f/g/i") == "/f/{rest...} rest=g/i");
  CHECK(found("GET", "/f/") == "/f/{rest...} rest=");
  CHECK(found("GET", "/f").empty());
  CHECK(found("PUT", "/a/b/c") == "GET, HEAD, OPTIONS, POST");
  router.remove("GET", "/a/b/c");
  CHECK(found("PUT", "/a/b/c") == "OPTIONS, POST");
}

TEST_CASE("tokens are read from a token server's answer", "[net]") {
  CHECK(parse_oauth2_answer("{\"access_token\":\"a\",\"expires_in\":\"60\"}")->expires_in_s == 60);
  CHECK(parse_oauth2_answer("{\"access_token\":\"a\",\"expires_in\":1.5e2}")->expires_in_s == 150);
  for (const char* bad : {"", "[]", "{}", "{\"access_token\":1}", "{\"access_token\":\"a\\nb\"}"}) {
    CHECK_FALSE(parse_oauth2_answer(bad).ok());
  }
  CHECK(base64("") == "");
  CHECK(base64("a") == "YQ==");
  CHECK(base64("ab") == "YWI=");
  CHECK(base64("abc\xff") == "YWJj/w==");
}
