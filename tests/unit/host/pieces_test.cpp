// SPDX-License-Identifier: Apache-2.0
// The small pieces of the plugin host, one by one.
#include "host/breaker.hpp"
#include "host/call_stats.hpp"
#include "host/elf_file.hpp"
#include "host/http_config.hpp"
#include "host/interfaces.hpp"
#include "host/utf8.hpp"
#include "host/value_codec.hpp"
#include "host/view_json.hpp"
#include "host/view_text.hpp"

#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <random>

using namespace narthex;
using namespace narthex::host;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

std::string file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string http_error(std::initializer_list<nx_kv> entries) {
  nx_value table{};
  table.type = NX_TABLE;
  table.len = static_cast<std::uint32_t>(entries.size());
  table.u.entries = entries.begin();
  return read_http_config(table).status().message();
}

}  // namespace

TEST_CASE("the breaker pauses for 1, 2, 4 ... 60 minutes", "[breaker]") {
  Breaker breaker;
  std::int64_t now = 1;
  for (const int minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    CHECK(breaker.trip(now, "why"));
    CHECK(breaker.open());
    CHECK_FALSE(breaker.allows(now + minutes * kMinute - 1));
    now += minutes * kMinute;
    CHECK(breaker.allows(now));
  }
  CHECK(breaker.reason() == "why");
  CHECK(breaker.success(now));
  CHECK_FALSE(breaker.open());
  CHECK(breaker.reason() == "");
  // Soon again: the pause is still long. After a quiet time it begins anew.
  CHECK(breaker.trip(now + kMinute, "again"));
  CHECK_FALSE(breaker.allows(now + 60 * kMinute));
  now += 61 * kMinute;
  CHECK(breaker.success(now));
  now += 61 * kMinute;
  CHECK(breaker.trip(now, "later"));
  CHECK(breaker.allows(now + kMinute));
}

TEST_CASE("quantiles of durations are near the truth", "[call stats]") {
  CallStats stats("x", 0);
  CHECK(stats.quantile_ms(0.99) == 0);
  for (int i = 1; i <= 1000; ++i) stats.count(i * 1'000'000);  // 1 ms ... 1 s
  CHECK(stats.calls() == 1000);
  CHECK(stats.quantile_ms(0.5) == Approx(500).epsilon(0.05));
  CHECK(stats.quantile_ms(0.99) == Approx(990).epsilon(0.02));
  CHECK(stats.max_ns.load() == 1'000'000'000);
  stats.count(500'000'000'000);  // beyond the last bound
  CHECK(stats.quantile_ms(1.0) == Approx(500'000));
}

TEST_CASE("a plugin's note and build id are read from the file", "[elf]") {
  const auto facts = read_elf_file(std::string(NARTHEX_EXAMPLES) + "/cubes.so");
  REQUIRE(facts.status().message() == "");
  CHECK(facts->has_note);
  CHECK(facts->abi_major == 0);
  CHECK(facts->abi_minor == 1);
  CHECK(facts->id == "org.example.cubes");
  CHECK(facts->version == "1.0.0");
  CHECK(facts->build_id.size() == 40);
  CHECK(facts->exports == std::vector<std::string>{"narthex_plugin_v0"});
}

TEST_CASE("damaged ELF files are refused or read in part, and nothing worse", "[elf]") {
  CHECK(read_elf("").status().message() == "not an ELF file");
  CHECK(read_elf("\x7f"
                 "ELF")
            .status()
            .message() == "not an ELF file");
  CHECK(read_elf_file("/no/such/file").status().code() == NX_ERR_IO);
  const std::string whole = file_bytes(std::string(NARTHEX_EXAMPLES) + "/cubes.so");
  REQUIRE(whole.size() > 1000);
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    (void)read_elf(std::string_view(whole).substr(0, size)).ok();
  }
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 4; ++k) damaged[random() % 1000] = static_cast<char>(random());
    (void)read_elf(damaged).ok();
  }
}

TEST_CASE("UTF-8 is told from what is not", "[utf8]") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"));
  for (const auto* bad : {"\xFF", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xE0\x80\x80", "\xF0\x80\x80\x80", "a\x80"}) {
    CHECK_FALSE(is_utf8(bad));
    CHECK(is_utf8(as_utf8(bad)));
  }
  CHECK(as_utf8("a\xFFz") == "a\xEF\xBF\xBDz");
}

TEST_CASE("values survive their encoding, damaged ones do not", "[codec]") {
  sdk::TreeArena arena;
  nx_value secret = arena.string("s");
  secret.flags = NX_VALUE_SECRET;
  const nx_value items[] = {arena.integer(-1), arena.number(0.1), secret, arena.null()};
  const nx_kv entries[] = {arena.entry("", arena.array(items)),
                           arena.entry("b", arena.boolean(true))};
  const nx_value tree = arena.table(entries);
  const auto bytes = encode_value(tree);
  REQUIRE(bytes.ok());
  sdk::TreeArena own;
  const auto back = decode_value(*bytes, own);
  REQUIRE(back.ok());
  const auto list = sdk::Value(&*back)[""].items();
  REQUIRE(list.size() == 4);
  CHECK(list[0].u.i == -1);
  CHECK(list[1].u.f == 0.1);
  CHECK(sdk::Value(&list[2]).secret());
  CHECK(sdk::Value(&*back)["b"].get<bool>());
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    std::string damaged = *bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK(decode_value(damaged, own).status().code() == NX_ERR_CORRUPT);
    CHECK(decode_value(std::string_view(*bytes).substr(0, i), own).status().code() ==
          NX_ERR_CORRUPT);
  }
  nx_value deep = arena.null();
  for (int i = 0; i < 100; ++i) deep = arena.array({&deep, 1});
  CHECK(encode_value(deep).status().code() == NX_ERR_INVALID_ARGUMENT);
}

TEST_CASE("an http_config table becomes client options", "[http config]") {
  sdk::TreeArena arena;
  const nx_kv basic[] = {arena.entry("username", arena.string("u")),
                         arena.entry("password", arena.string("p"))};
  const nx_value header_values[] = {arena.string("v1"), arena.string("v2")};
  const nx_kv header[] = {arena.entry("values", arena.array(header_values))};
  const nx_kv headers[] = {arena.entry("X-A", arena.table(header))};
  const nx_kv entries[] = {arena.entry("url", arena.string("http://other/")),  // not its business
                           arena.entry("basic_auth", arena.table(basic)),
                           arena.entry("follow_redirects", arena.boolean(false)),
                           arena.entry("http_headers", arena.table(headers))};
  const auto options = read_http_config(arena.table(entries));
  REQUIRE(options.status().message() == "");
  CHECK(options->has_basic_auth);
  CHECK(options->basic_auth.password.reveal() == "p");
  CHECK_FALSE(options->follow_redirects);
  CHECK(options->enable_http2);
  CHECK(options->http_headers.at("X-A").values.size() == 2);

  const auto bearer = read_http_config(
      arena.table(std::initializer_list<nx_kv>{arena.entry("bearer_token", arena.string("t"))}));
  CHECK(bearer->authorization.credentials.reveal() == "t");
  CHECK(bearer->authorization.type == "Bearer");
}

TEST_CASE("an http_config table that Prometheus refuses is refused", "[http config]") {
  sdk::TreeArena arena;
  const nx_value empty = arena.table({});
  CHECK(http_error({arena.entry("basic_auth", empty), arena.entry("authorization", empty)}) ==
        "at most one of basic_auth, oauth2 & authorization must be configured");
  CHECK(http_error({arena.entry("bearer_token", arena.string("a")),
                    arena.entry("bearer_token_file", arena.string("b"))}) ==
        "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
  CHECK(http_error({arena.entry("no_proxy", arena.string("a"))}) ==
        "if no_proxy is configured, proxy_url must also be configured");
  const nx_kv basic[] = {arena.entry("type", arena.string("Basic"))};
  CHECK(http_error({arena.entry("authorization", arena.table(basic))}) ==
        "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  const nx_kv cert[] = {arena.entry("cert_file", arena.string("c"))};
  CHECK(
      http_error({arena.entry("tls_config", arena.table(cert))}).starts_with("exactly one of key"));
}

TEST_CASE("entry rules are those of the ABI", "[interfaces]") {
  CHECK(entry_rule("narthex.exporter/1.collect").serial);
  CHECK(entry_rule("narthex.discovery/1.refresh").gated);
  CHECK_FALSE(entry_rule("narthex.parser/1.parse").serial);
  CHECK_FALSE(entry_rule("narthex.storage/1.rollback").gated);
  CHECK(entry_rule("narthex.discovery/1.run").control);
}

TEST_CASE("the view becomes the JSON of the status page", "[view]") {
  HostView view;
  view.abi_minor = 1;
  LibraryView library;
  library.id = "org.example.x";
  library.file = "x.so";
  library.components.push_back({"x", "X \"quoted\"", {"narthex.exporter/1"}, {"com.a/1"}, {}, ""});
  view.libraries.push_back(library);
  InstanceView instance;
  instance.name = "exporter.x";
  instance.since_ms = 1'767'607'200'123;
  instance.config_json = R"({"token":"<secret>"})";
  CallView call;
  call.entry = "narthex.exporter/1.collect";
  call.count = 3;
  call.p50_ms = 0.25;
  instance.calls.push_back(call);
  view.instances.push_back(instance);
  view.rejected.push_back({"old.so", "no"});
  const std::string json = to_json(view);
  for (const auto* part :
       {R"("abi":{"major":0,"minor":1})", R"("id":"org.example.x")", R"("summary":"X \"quoted\"")",
        R"("interfaces":["narthex.exporter/1"],"unknown_interfaces":["com.a/1"],"needs":[])",
        R"("since":"2026-01-05T10:00:00Z")", R"("config":{"token":"<secret>"})",
        R"("calls":{"narthex.exporter/1.collect":{"count":3,"errors":0)", R"("p50_ms":0.25)",
        R"("buffers":{"outstanding":0,"bytes":0})", R"("quarantined":[])",
        R"("rejected":[{"file":"old.so","reason":"no"}])"}) {
    INFO(json);
    CHECK(json.find(part) != std::string::npos);
  }
  const std::string text = list_text(view);
  CHECK(text.find("org.example.x           x          narthex.exporter/1, com.a/1  x.so") !=
        std::string::npos);
  CHECK(text.find("refused: no") != std::string::npos);
  CHECK(info_text(view.libraries[0]).find("component x: X") != std::string::npos);
}
