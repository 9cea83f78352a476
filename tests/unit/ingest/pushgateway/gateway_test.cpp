// SPDX-License-Identifier: Apache-2.0
#include "tests/support/gateway_fixture.hpp"

#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>
#include <zlib.h>

#include <filesystem>

namespace narthex::test {
namespace {

using ingest::pushgateway::PushGateway;

const std::string kInconsistent =
    "pushed metrics are invalid or inconsistent with existing metrics: ";

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

nx_kv flag(std::string_view name, bool on) {
  nx_value value{};
  value.type = NX_BOOL;
  value.u.i = on ? 1 : 0;
  return {to_nx(name), value};
}

nx_value table_of(std::vector<nx_kv>& entries) {
  nx_value value{};
  value.type = NX_TABLE;
  value.len = static_cast<std::uint32_t>(entries.size());
  value.u.entries = entries.data();
  return value;
}

struct PathCase {
  std::string_view key;
  int status;
  std::string_view answer;
};

}  // namespace

// Recorded from the gateway, except where the comment says so.
TEST_CASE("paths name groups as the gateway reads them", "[pushgateway]") {
  const PathCase cases[] = {
      {"job/a", 200, ""},
      {"job/a/", 200, ""},
      {"job", 400, "job name is required\n"},  // the gateway: 404
      {"x", 404, "404 page not found\n"},
      {"job/a/b", 400, "odd number of components in label string \"/b\"\n"},
      {"job/a/b/c", 200, ""},
      {"job/a/b/c/", 400, "odd number of components in label string \"/b/c/\"\n"},
      {"job/a/b/c/d", 400, "odd number of components in label string \"/b/c/d\"\n"},
      {"job/a//b", 301, ""},
      {"job/a/../b", 301, ""},
      {"job/a b", 200, ""},
      {"job/a/in-st/1", 400, "improper label name \"in-st\"\n"},
      {"job/a/__x/1", 400, "improper label name \"__x\"\n"},
      {"job/a/__name__/q", 400, "improper label name \"__name__\"\n"},
      {"job/a/1x/1", 400, "improper label name \"1x\"\n"},
      {"job/a/@base64/YQ", 400, "improper label name \"\"\n"},
      {"job/a/h\xC3\xA9/1", 400, "improper label name \"h\xC3\xA9\"\n"},
      {"job/a/l@base64/YQ", 200, ""},
      {"job/a/l@base64/YQ==", 200, ""},
      {"job/a/l@base64/=", 200, ""},
      {"job/a/l@base64/!!", 400,
       "invalid base64 encoding for label l=\"!!\": illegal base64 data at input byte 0\n"},
      {"job@base64/YQ", 200, ""},
      {"job@base64/=", 400, "job name is required\n"},
      // The gateway shows what it has decoded until then, which is nothing.
      {"job@base64/!!", 400,
       "invalid base64 encoding in job name \"!!\": illegal base64 data at input byte 0\n"},
      {"job@base64/YQ/x/y", 200, ""},
      {"job/a/x/1/x/2", 200, ""},
      // The gateway spoils all later pushes with such a group.
      {"job/\xFF", 400, "the label named \"job\" has a value that is not utf8: \"\\xff\"\n"},
      {"job/a/x@base64/_w", 400, "the label named \"x\" has a value that is not utf8: \"\\xff\"\n"},
  };
  for (const PathCase& c : cases) {
    const TemporaryFolder folder;
    GatewayFixture gateway(folder.path());
    CAPTURE(c.key);
    const net::Response answer = gateway.put(c.key, "some 1\n");
    CHECK(answer.status == c.status);
    CHECK(answer.body == c.answer);
    const int removed = gateway.request("DELETE", c.key).status;
    CHECK(removed == (c.status == 200 ? 202 : c.status));
    CHECK(gateway.exposed().empty());
  }
}

TEST_CASE("a path that is not canonical is redirected", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  const net::Response answer = gateway.put("job/a/b//c", "some 1\n");
  CHECK(net::first(answer.headers, "Location") == "/metrics/job/a/b/c");
}

TEST_CASE("labels of the path win over those of the body", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t/path@base64/L3Zhci90bXA", "a{job=\"x\",instance=\"i\"} 1\n").status ==
        200);
  CHECK(gateway.exposed() == "# TYPE a untyped\na{instance=\"i\",job=\"t\",path=\"/var/tmp\"} 1\n");
}

TEST_CASE("PUT replaces a group, POST the families of the same names", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t", "# TYPE a counter\n# HELP a one\na 1\n").status == 200);
  CHECK(gateway.request("POST", "job/t", "b 2\n").status == 200);
  CHECK(gateway.exposed() ==
        "# HELP a one\n# TYPE a counter\na{instance=\"\",job=\"t\"} 1\n"
        "# TYPE b untyped\nb{instance=\"\",job=\"t\"} 2\n");
  CHECK(gateway.request("POST", "job/t", "# TYPE a gauge\na 5\n").status == 200);
  CHECK(gateway.exposed() ==
        "# TYPE a gauge\na{instance=\"\",job=\"t\"} 5\n"
        "# TYPE b untyped\nb{instance=\"\",job=\"t\"} 2\n");
  CHECK(gateway.put("job/t", "c 1\n").status == 200);
  CHECK(gateway.exposed() == "# TYPE c untyped\nc{instance=\"\",job=\"t\"} 1\n");
  CHECK(gateway.request("DELETE", "job/t").status == 202);
  CHECK(gateway.get(PushGateway::kExposition).body.empty());
}

TEST_CASE("a type belongs to a name in all groups; help does not", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t", "# TYPE a counter\n# HELP a one\na 1\n").status == 200);
  const net::Response refused = gateway.put("job/u", "# TYPE a gauge\na 1\n");
  CHECK(refused.status == 400);
  CHECK(refused.body == kInconsistent +
                            "collected metric \"a\" { label:{name:\"instance\" value:\"\"} "
                            "label:{name:\"job\" value:\"u\"} gauge:{value:1}} is not a COUNTER\n");
  CHECK(gateway.put("job/u", "# TYPE a counter\n# HELP a two\na 1\n").status == 200);
  CHECK(gateway.exposed() ==
        "# HELP a one\n# TYPE a counter\na{instance=\"\",job=\"t\"} 1\n"
        "a{instance=\"\",job=\"u\"} 1\n");
}

TEST_CASE("two groups cannot have the same series", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t/x/1", "a 1\n").status == 200);
  CHECK(gateway.put("job/t", "a{x=\"1\"} 1\n").status == 400);
  CHECK(gateway.put("job/t", "a{instance=\"q\"} 1\n").status == 200);
  CHECK(gateway.put("job/t/instance/q", "a 1\n").status == 400);
  CHECK(gateway.request("DELETE", "job/t").status == 202);
  CHECK(gateway.put("job/t/instance/q", "a 1\n").status == 200);
}

TEST_CASE("parts of summaries and histograms collide with names of their own", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/t", "# TYPE a summary\na_sum 1\n").status == 200);
  CHECK(gateway.put("job/u", "a_sum 1\n").body ==
        kInconsistent +
            "collected metric named \"a_sum\" collides with previously collected "
            "summary named \"a\"\n");
  CHECK(gateway.put("job/u", "a_bucket 1\n").status == 200);
  CHECK(gateway.put("job/t", "# TYPE h histogram\nh_count 1\n").status == 200);
  CHECK(gateway.put("job/u", "h_bucket 1\n").body ==
        kInconsistent +
            "collected metric named \"h_bucket\" collides with previously collected "
            "histogram named \"h\"\n");
  CHECK(gateway.put("job/u", "h 1\n").status == 400);
  CHECK(gateway.put("job/t", "x 1\n").status == 200);
  CHECK(gateway.put("job/u", "h_bucket 1\n").status == 200);
  CHECK(gateway.put("job/t", "# TYPE h histogram\nh_count 1\n").body ==
        kInconsistent +
            "collected histogram named \"h\" collides with previously collected metric "
            "named \"h_bucket\"\n");
  CHECK(gateway.put("job/t", "# TYPE h summary\nh_count 1\n").status == 200);
}

TEST_CASE("push times tell what worked and what did not", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  const auto times = [&] {
    const std::string all = gateway.get(PushGateway::kExposition).body;
    const auto value = [&](std::string_view name) {
      const std::size_t at = all.find(std::string("\n") + std::string(name) + "{");
      if (at == std::string::npos) return std::string("none");
      const std::size_t begin = all.find("} ", at) + 2;
      return all.substr(begin, all.find('\n', begin) - begin);
    };
    return value("push_time_seconds") + " " + value("push_failure_time_seconds");
  };
  CHECK(gateway.put("job/t", "a x\n").status == 400);  // no push at all
  CHECK(times() == "none none");
  CHECK(gateway.put("job/t", "a 1 5\n").body ==
        kInconsistent + "pushed metrics must not have timestamps\n");
  CHECK(times() == "0 1.7e+09");
  gateway.host.now_ms += 1'500;
  CHECK(gateway.put("job/t", "a 1\npush_time_seconds 7\n").status == 200);
  CHECK(times() == "1.7000000015e+09 1.7e+09");
  gateway.restart();
  CHECK(times() == "1.7000000015e+09 1.7e+09");
  CHECK(gateway.get(PushGateway::kMetrics).body.find("\"last_push_successful\":true") !=
        std::string::npos);
}

TEST_CASE("bodies may be packed", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  const auto put = [&](std::string_view encoding, std::string body) {
    return gateway.put("job/t", std::move(body), {{"content-encoding", std::string(encoding)}});
  };
  using namespace std::string_literals;
  const std::string magic = "\xFF\x06\x00\x00sNaPpY"s;
  const std::string data = "\x01\x0C\x00\x00\xEF\xA7lga 1\nb 2\n"s;
  const std::string packed =
      "\x00\x0E\x00\x00\xEF\xA7lg\x08\x1C"
      "a 1\nb 2\n"s;
  CHECK(put("gzip", gzip("a 1\n")).status == 200);
  CHECK(put("GZIP", gzip("a 1\n") + gzip("b 1\n")).status == 200);
  CHECK(put("gzip", gzip("a 1\n").substr(0, 20)).body == "unexpected EOF\n");
  CHECK(put("gzip", "a 1\n").status == 400);
  CHECK(put("zstd", "a 1\n").status == 200);  // not looked at, as in the gateway
  CHECK(put("snappy", magic + data).status == 200);
  CHECK(put("snappy", magic + packed).status == 200);
  CHECK(put("snappy", magic + "\x80\x04\x00\x00skip"s + packed).status == 200);
  CHECK(put("snappy", "").status == 200);
  CHECK(put("snappy", data).body == "snappy: corrupt input\n");
  CHECK(put("snappy", magic + packed.substr(0, packed.size() - 1)).body ==
        "snappy: corrupt input\n");
  CHECK(put("snappy", magic + "\x02\x01\x00\x00x"s + packed).body == "snappy: unsupported input\n");
  CHECK(put("snappy", magic + "\x01\x0C\x00\x00\x00\x00\x00\x00"
                              "a 1\nb 2\n"s)
            .status == 400);
  gateway.body_max_bytes = 1'000;
  CHECK(put("gzip", gzip("a 1\n" + std::string(100'000, '\n'))).status == 413);
}

TEST_CASE("a group outlives the process, a damaged file is set aside", "[pushgateway]") {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/a", "a 1\n").status == 200);
  CHECK(gateway.put("job/b", "b 1\n").status == 200);
  CHECK(gateway.put("job/c", "c 1\n").status == 200);
  CHECK(gateway.request("DELETE", "job/c").status == 202);
  write_file(folder.file("00000000000000ff.group.new"), "half a gro");
  const std::string second = folder.file("0000000000000002.group");
  std::string bytes = read_file(second);
  REQUIRE(!bytes.empty());
  bytes[bytes.size() / 2] ^= 1;
  write_file(second, bytes);
  gateway.restart();
  CHECK(gateway.exposed() == "# TYPE a untyped\na{instance=\"\",job=\"a\"} 1\n");
  CHECK(gateway.host.log.find("the checksum does not match") != std::string::npos);
  CHECK(fs::exists(second + ".damaged"));
  CHECK_FALSE(fs::exists(folder.file("00000000000000ff.group.new")));
  // A new group takes no id that was in use.
  CHECK(gateway.put("job/b", "b 2\n").status == 200);
  CHECK(fs::exists(folder.file("0000000000000003.group")));
  CHECK(fs::exists(second + ".damaged"));
}

TEST_CASE("every cut and every changed byte of a file is noticed", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/a", "a{x=\"1\"} 1\n").status == 200);
  const std::string path = folder.file("0000000000000001.group");
  const std::string bytes = read_file(path);
  REQUIRE(bytes.size() > 50);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_file(path, bytes.substr(0, size));
    gateway.restart();
    CHECK(gateway.exposed().empty());
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    write_file(path, changed);
    gateway.restart();
    CHECK(gateway.exposed().empty());
  }
}

TEST_CASE("a push that cannot be kept is undone and comes again", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  CHECK(gateway.put("job/a", "a 1\n").status == 200);
  std::filesystem::remove_all(folder.path());
  const net::Response failed = gateway.put("job/a", "a 2\n");
  CHECK(failed.status == 503);
  CHECK(net::has(failed.headers, "Retry-After"));
  CHECK(gateway.exposed() == "# TYPE a untyped\na{instance=\"\",job=\"a\"} 1\n");
  CHECK(gateway.put("job/b", "b 2\n").status == 503);
  CHECK(gateway.exposed() == "# TYPE a untyped\na{instance=\"\",job=\"a\"} 1\n");
  CHECK(gateway.request("DELETE", "job/a").status == 503);
  std::filesystem::create_directories(folder.path());
  CHECK(gateway.put("job/a", "a 3\n").status == 200);
  gateway.restart();
  CHECK(gateway.exposed() == "# TYPE a untyped\na{instance=\"\",job=\"a\"} 3\n");
}

TEST_CASE("without persistence nothing is written", "[pushgateway]") {
  const TemporaryFolder folder;
  std::vector<nx_kv> entries = {flag("persistence", false)};
  const nx_value config = table_of(entries);
  GatewayFixture gateway(folder.path(), &config);
  CHECK(gateway.put("job/a", "a 1\n").status == 200);
  CHECK(std::filesystem::is_empty(folder.path()));
  gateway.restart();
  CHECK(gateway.exposed().empty());
}

TEST_CASE("wiping removes all groups, when it is allowed", "[pushgateway]") {
  const TemporaryFolder folder;
  std::vector<nx_kv> entries = {flag("enable_admin_api", true)};
  const nx_value config = table_of(entries);
  GatewayFixture gateway(folder.path(), &config);
  CHECK(gateway.put("job/a", "a 1\n").status == 200);
  CHECK(gateway.put("job/b", "a 1\n").status == 200);
  CHECK(gateway.wipe().status == 202);
  CHECK(gateway.get(PushGateway::kMetrics).body == "{\"status\":\"success\",\"data\":[]}");
  CHECK(std::filesystem::is_empty(folder.path()));
  const TemporaryFolder other;
  GatewayFixture closed(other.path());
  CHECK(closed.put("job/a", "a 1\n").status == 200);
  CHECK(closed.wipe().status == 404);
  CHECK_FALSE(closed.exposed().empty());
}

TEST_CASE("groups have a bound", "[pushgateway]") {
  const TemporaryFolder folder;
  nx_value two{};
  two.type = NX_INT;
  two.u.i = 2;
  std::vector<nx_kv> entries = {{NX_STR("groups_max"), two}};
  const nx_value config = table_of(entries);
  GatewayFixture gateway(folder.path(), &config);
  CHECK(gateway.put("job/a", "a 1\n").status == 200);
  CHECK(gateway.put("job/b", "a 1\n").status == 200);
  CHECK(gateway.put("job/c", "a 1\n").status == 429);
  CHECK(gateway.put("job/a", "a 2\n").status == 200);
}

TEST_CASE("UTF-8 names are taken when they are allowed", "[pushgateway]") {
  const TemporaryFolder folder;
  std::vector<nx_kv> entries = {flag("enable_utf8_names", true)};
  const nx_value config = table_of(entries);
  GatewayFixture gateway(folder.path(), &config);
  CHECK(gateway.put("job/t/U__x_2e_y/1", "{\"a.b\",\"p q\"=\"2\"} 1\n").status == 200);
  CHECK(gateway.exposed() ==
        "# TYPE a_b untyped\na_b{instance=\"\",job=\"t\",p_q=\"2\",x_y=\"1\"} 1\n");
  const net::Response utf8 = gateway.get(
      PushGateway::kExposition, {{"accept", "text/plain;version=1.0.0;escaping=allow-utf-8"}});
  CHECK(utf8.body.find("{\"a.b\",instance=\"\",job=\"t\",\"p q\"=\"2\",\"x.y\"=\"1\"} 1\n") !=
        std::string::npos);
}

TEST_CASE("the API lists groups as the gateway does", "[pushgateway]") {
  const TemporaryFolder folder;
  GatewayFixture gateway(folder.path());
  gateway.host.now_ms = 1'795'892'592'273;
  CHECK(gateway
            .put("job/t/x/1",
                 "# TYPE c counter\n# HELP c help \"x\"\nc{l=\"1\"} 1.5\n# TYPE g gauge\ng 1e21\n"
                 "u NaN\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.99\"} 2\ns_sum 3\n"
                 "s_count 4\n# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\n"
                 "h_sum 3\nh_count 2\n")
            .status == 200);
  const std::string stamp = "\"time_stamp\":\"2026-11-28T19:03:12.273Z\"";
  const std::string labels = "\"labels\":{\"instance\":\"\",\"job\":\"t\",\"x\":\"1\"}";
  const std::string expected =
      "{\"status\":\"success\",\"data\":[{\"c\":{" + stamp +
      ",\"type\":\"COUNTER\",\"help\":\"help \\\"x\\\"\",\"metrics\":[{\"labels\":{\"instance\":"
      "\"\",\"job\":\"t\",\"l\":\"1\",\"x\":\"1\"},\"value\":\"1.5\"}]},\"g\":{" +
      stamp + ",\"type\":\"GAUGE\",\"metrics\":[{" + labels + ",\"value\":\"1e+21\"}]},\"h\":{" +
      stamp +
      ",\"type\":\"HISTOGRAM\",\"metrics\":[{\"buckets\":{\"+Inf\":\"2\",\"0.5\":\"1\"},\"count\":"
      "\"2\"," +
      labels +
      ",\"sum\":\"3\"}]},\"labels\":{\"job\":\"t\",\"x\":\"1\"},\"last_push_successful\":true,"
      "\"push_failure_time_seconds\":{" +
      stamp +
      ",\"type\":\"GAUGE\",\"help\":\"Last Unix time when changing this group in the Pushgateway "
      "failed.\",\"metrics\":[{" +
      labels + ",\"value\":\"0\"}]},\"push_time_seconds\":{" + stamp +
      ",\"type\":\"GAUGE\",\"help\":\"Last Unix time when changing this group in the Pushgateway "
      "succeeded.\",\"metrics\":[{" +
      labels + ",\"value\":\"1.795892592273e+09\"}]},\"s\":{" + stamp +
      ",\"type\":\"SUMMARY\",\"metrics\":[{\"count\":\"4\"," + labels +
      ",\"quantiles\":{\"0.5\":\"1\",\"0.99\":\"2\"},\"sum\":\"3\"}]},\"u\":{" + stamp +
      ",\"type\":\"UNTYPED\",\"metrics\":[{" + labels + ",\"value\":\"NaN\"}]}}]}";
  CHECK(gateway.get(PushGateway::kMetrics).body == expected);
  const std::string status = gateway.get(PushGateway::kStatus).body;
  CHECK(status.find("\"build_information\":{\"version\":\"0.0.0\"") != std::string::npos);
  CHECK(status.find("\"start_time\":\"2023-11-14T22:13:20Z\"") != std::string::npos);
}

}  // namespace narthex::test
