// SPDX-License-Identifier: Apache-2.0
#include "host/schema.hpp"

#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

using namespace narthex;
using host::Schema;

namespace {

// A schema applied to a document: the tree, and what was found, one line a finding.
struct Applied {
  std::unique_ptr<host::ConfigTree> tree;
  std::string findings;
  sdk::Value value() const { return sdk::Value(&tree->root); }
};

Applied applied(std::string_view schema_text, std::string_view text,
                document::Format format = document::Format::kToml,
                std::string_view file = "/etc/narthex/narthex.toml") {
  auto schema = Schema::parse("test", schema_text);
  REQUIRE(schema.status().message() == "");
  std::vector<document::Finding> findings;
  host::ConfigSource source;
  source.name = "discovery.test";
  source.document = document::Document::parse(format, file, text, findings);
  REQUIRE(source.document != nullptr);
  source.config = &source.document->root();
  Applied out;
  out.tree = schema->apply(source, findings);
  for (const document::Finding& f : findings) {
    out.findings += std::to_string(f.place.line) + ':' + std::to_string(f.place.column) + ' ' +
                    f.text + (f.hint.empty() ? "" : " (" + f.hint + ")") + '\n';
  }
  return out;
}

std::string schema_error(std::string_view text) {
  return Schema::parse("test", text).status().message();
}

constexpr std::string_view kServer = R"({
  "type": "object", "required": ["server"],
  "properties": {
    "server": {"type": "string", "format": "host_port"},
    "refresh_interval": {"type": "string", "format": "duration", "default": "30s"},
    "size": {"type": "string", "format": "bytes", "default": "1MiB"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80},
    "ratio": {"type": "number", "minimum": 0},
    "tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true,
             "maxItems": 3},
    "mode": {"type": "string", "enum": ["fast", "safe"], "default": "safe"},
    "filter": {"type": "string", "format": "regex"},
    "token": {"type": "string", "format": "secret"},
    "file": {"type": "string", "format": "path"},
    "url": {"type": "string", "format": "url"}
  }})";

}  // namespace

TEST_CASE("defaults are filled in and formats converted", "[schema]") {
  const Applied a = applied(kServer, R"(server = "h:1"
token = "s3cret"
file = "targets/a.txt"
ratio = 2
filter = "a.*"
)");
  CHECK(a.findings == "");
  CHECK(a.value()["refresh_interval"].get<std::int64_t>() == 30'000);
  CHECK(a.value()["size"].get<std::int64_t>() == 1 << 20);
  CHECK(a.value()["port"].get<int>() == 80);
  CHECK(a.value()["mode"].get<std::string>() == "safe");
  CHECK(a.value()["token"].secret());
  CHECK(a.value()["file"].get<std::string>() == "/etc/narthex/targets/a.txt");
  CHECK(a.value()["ratio"].type() == NX_FLOAT);
  CHECK_FALSE(a.value()["tags"]);
}

TEST_CASE("everything that is wrong is found at once, with places", "[schema]") {
  const Applied a = applied(kServer, R"(prot = 1
refresh_interval = "soon"
port = 70000
ratio = "x"
tags = ["a", "", "a", "b"]
mode = "fats"
filter = "("
url = "localhost"
)");
  CHECK(a.findings.find("1:1 unknown option \"prot\" (did you mean \"port\"?)") !=
        std::string::npos);
  CHECK(a.findings.find("2:20 refresh_interval is not a duration") != std::string::npos);
  CHECK(a.findings.find("3:8 port must be at most 65535, it is 70000") != std::string::npos);
  CHECK(a.findings.find("4:9 ratio must be a number, it is a string") != std::string::npos);
  CHECK(a.findings.find("tags must have at most 3 items") != std::string::npos);
  CHECK(a.findings.find("tags[1] must not be empty") != std::string::npos);
  CHECK(a.findings.find("tags must not have \"a\" twice") != std::string::npos);
  CHECK(a.findings.find("mode must be one of \"fast\", \"safe\", it is \"fats\" (did you mean "
                        "\"fast\"?)") != std::string::npos);
  CHECK(a.findings.find("filter is not a regex") != std::string::npos);
  CHECK(a.findings.find("url is not a URL") != std::string::npos);
  CHECK(a.findings.find("lacks the option \"server\"") != std::string::npos);
}

TEST_CASE("host and port are checked as such", "[schema]") {
  for (const auto* good : {"h:1", ":9090", "[::1]:80", "127.0.0.1:0"}) {
    CHECK(applied(kServer, std::string("server = \"") + good + "\"").findings == "");
  }
  for (const auto* bad : {"h", "h:", "h:x", "::1:80", "h:65536", "[::1]"}) {
    CHECK(applied(kServer, std::string("server = \"") + bad + "\"").findings != "");
  }
}

TEST_CASE("a duration of zero needs no unit, others do", "[schema]") {
  const auto yaml = [](const char* text) {
    return applied(kServer, text, document::Format::kYaml, "prometheus.yml");
  };
  CHECK(yaml("server: h:1\nrefresh_interval: 0\n").findings == "");
  CHECK(yaml("server: h:1\nrefresh_interval: 30\n").findings != "");
}

TEST_CASE("in YAML a scalar that looks like a number may be text", "[schema]") {
  const char* schema = R"({"properties": {"name": {"type": "string"}}})";
  const Applied a = applied(schema, "name: 0123\n", document::Format::kYaml, "prometheus.yml");
  CHECK(a.findings == "");
  CHECK(a.value()["name"].get<std::string>() == "0123");
  CHECK(applied(schema, "name = 123\n").findings != "");
}

TEST_CASE("an empty schema takes no options", "[schema]") {
  CHECK(applied("", "").findings == "");
  CHECK(applied("", "a = 1").findings == "1:1 unknown option \"a\"\n");
}

TEST_CASE("oneOf is told apart by a property", "[schema]") {
  constexpr std::string_view kRoles = R"({
    "properties": {"name": {"type": "string"}},
    "oneOf": [
      {"required": ["port"],
       "properties": {"role": {"const": "node"}, "port": {"type": "integer"}}},
      {"properties": {"role": {"enum": ["pod", "service"]}, "labels": {"type": "boolean"}}}]})";
  CHECK(applied(kRoles, "role = \"node\"\nport = 1\nname = \"x\"").findings == "");
  CHECK(applied(kRoles, "role = \"pod\"\nlabels = true").findings == "");
  CHECK(applied(kRoles, "role = \"node\"\nlabels = true")
            .findings.find("unknown option \"labels\"") != std::string::npos);
  CHECK(applied(kRoles, "role = \"nod\"").findings.find("role must be one of \"node\", \"pod\"") !=
        std::string::npos);
  CHECK(applied(kRoles, "name = \"x\"").findings.find("lacks the option \"role\"") !=
        std::string::npos);
}

TEST_CASE("$ref takes in local and standard schemas", "[schema]") {
  constexpr std::string_view kHttp = R"({
    "type": "object", "additionalProperties": false, "$ref": "narthex:http_client",
    "properties": {"url": {"type": "string", "format": "url"}, "more": {"$ref": "#/$defs/node"}},
    "$defs": {"node": {"properties": {"x": {"type": "integer", "default": 7},
                                      "inner": {"$ref": "#/$defs/node"}}}}})";
  const Applied a = applied(kHttp, R"(
url = "http://h/"
basic_auth = { username = "u", password = "p" }
tls_config = { ca_file = "ca.pem" }
more = { inner = { x = 1 } }
)");
  CHECK(a.findings == "");
  CHECK(a.value()["basic_auth"]["password"].secret());
  CHECK(a.value()["tls_config"]["ca_file"].get<std::string>() == "/etc/narthex/ca.pem");
  CHECK(a.value()["follow_redirects"].get<bool>());
  CHECK(a.value()["more"]["x"].get<int>() == 7);
  CHECK(a.value()["more"]["inner"]["x"].get<int>() == 1);
  CHECK(applied(kHttp, "tls_config = { ca_fil = \"x\" }")
            .findings.find("unknown option \"ca_fil\" in tls_config (did you mean \"ca_file\"?)") !=
        std::string::npos);
}

TEST_CASE("a node of the converted tree leads back to its source", "[schema]") {
  const Applied a = applied(R"({"properties": {"list": {"type": "array", "items": {"properties":
    {"a": {"type": "integer"}, "b": {"type": "integer", "default": 2}}}}}})",
                            "list = [{a = 1},\n  {a = 3}]\n");
  REQUIRE(a.findings == "");
  const nx_value* second =
      a.value()["list"].items()[1].u.entries == nullptr ? nullptr : &a.value()["list"].items()[1];
  const auto& document = *a.tree->source.document;
  CHECK(document.place(a.tree->origin(sdk::Value(second)["a"].raw())).line == 2);
  CHECK(document.place(a.tree->origin(sdk::Value(second)["a"].raw())).column == 8);
  // A default stands where the table stands that lacks it.
  CHECK(document.place(a.tree->origin(sdk::Value(second)["b"].raw())).line == 2);
}

TEST_CASE("a schema outside of the subset is refused", "[schema]") {
  CHECK(schema_error(R"({"type": "object"})") == "");
  CHECK(schema_error("{").find("schema of test") != std::string::npos);
  CHECK(schema_error(R"({"allOf": []})").find("\"allOf\" is outside") != std::string::npos);
  CHECK(schema_error(R"({"type": "array"})").find("must be an object") != std::string::npos);
  CHECK(schema_error(R"({"properties": {"a": {"type": "int"}}})").find("unknown type \"int\"") !=
        std::string::npos);
  CHECK(schema_error(R"({"properties": {"a": {"format": "email"}}})").find("unknown format") !=
        std::string::npos);
  CHECK(schema_error(R"({"$ref": "narthex:unheard_of"})").find("unknown $ref") !=
        std::string::npos);
  CHECK(schema_error(R"({"$ref": "#/$defs/x"})").find("nothing at #/$defs/x") != std::string::npos);
  CHECK(
      schema_error(R"({"oneOf": [{"properties": {"a": {}}}]})").find("tells its branches apart") !=
      std::string::npos);
}

TEST_CASE("deprecated options warn", "[schema]") {
  auto schema =
      Schema::parse("test", R"({"properties": {"old": {"type": "integer", "deprecated": true,
                 "description": "use new"}}})");
  REQUIRE(schema.ok());
  std::vector<document::Finding> findings;
  const nx_kv entries[] = {{NX_STR("old"), {NX_INT, 0, 0, 0, {1}}}};
  nx_value config{};
  config.type = NX_TABLE;
  config.len = 1;
  config.u.entries = entries;
  host::ConfigSource source;
  source.name = "x";
  source.config = &config;
  (void)schema->apply(source, findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].warning);
  CHECK(findings[0].text == "option \"old\" is deprecated: use new");
}
