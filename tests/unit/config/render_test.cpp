// SPDX-License-Identifier: Apache-2.0
// The *.shown.yml files are what Prometheus 3.5.3 answers at /api/v1/status/config when it runs
// with the file of the same name.
#include "config/expand.hpp"
#include "config/yaml_scalar.hpp"
#include "files.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace narthex::config {
namespace {

std::string read_data(const std::string& name) {
  std::ifstream file(std::string(NARTHEX_TEST_DATA) + "/config/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the configuration is shown byte for byte as Prometheus shows it", "[config]") {
  for (const std::string name : {"whole", "scalars", "remote_write", "remote_read"}) {
    INFO(name);
    CommandLine command_line;
    command_line.config_file = std::string(NARTHEX_TEST_DATA) + "/config/" + name + ".yml";
    const Loaded loaded(command_line);
    CHECK(loaded.errors().empty());
    REQUIRE(loaded.config);
    CHECK(loaded.config->prometheus_yaml == read_data(name + ".shown.yml"));
  }
}

TEST_CASE("secrets are never shown", "[config]") {
  const Loaded loaded = load_text(
      "scrape_configs:\n- job_name: a\n"
      "  basic_auth: {username: u, password: hunter2}\n"
      "  http_headers: {X: {secrets: [hunter2]}}\n"
      "  tls_config: {cert: c, key: hunter2}\n"
      "  proxy_url: http://u:hunter2@proxy:1\n"
      "  consul_sd_configs: [{server: s, token: hunter2, basic_auth: {password: hunter2}}]\n"
      "- job_name: b\n  oauth2: {client_id: i, client_secret: hunter2, token_url: 'http://t'}\n"
      "- job_name: c\n  authorization: {credentials: hunter2}\n"
      "remote_write: [{url: 'http://u:hunter2@host/w', basic_auth: {password: hunter2}}]\n"
      "remote_read: [{url: 'http://a', basic_auth: {username: u, password: hunter2}}]\n");
  CHECK(loaded.errors().empty());
  REQUIRE(loaded.config);
  CHECK(loaded.config->prometheus_yaml.find("hunter2") == std::string::npos);
  CHECK(loaded.config->prometheus_yaml.find("token: <secret>") != std::string::npos);
  for (const auto& [name, value] : loaded.config->flags) {
    CHECK(value.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("what is shown can be read again and shows the same", "[config]") {
  const std::string shown = read_data("whole.shown.yml");
  const Loaded again = load_text(shown);
  // Hidden secrets read as the text "<secret>"; Prometheus's copy of the window is no key.
  CHECK(again.errors() ==
        std::vector<std::string>{"235:5 unknown key \"outofordertimewindow\" in tsdb"});
}

TEST_CASE("a string is quoted when a reader would not take it for text", "[config]") {
  const auto style = [](std::string_view text) { return scalar_style(text, false); };
  for (const char* text : {"yes", "1.5", "0x1f", "null", "~", "1:2", "0755", "2024-01-01", "",
                           "10.0.0.1:80x\t", "\x01"}) {
    INFO(text);
    CHECK(style(text) == ScalarStyle::kDouble);
  }
  for (const char* text : {"a: b", "a #b", "#a", " lead", "*x", "- x", "x:", "[x", "'x'"}) {
    INFO(text);
    CHECK(style(text) == ScalarStyle::kSingle);
  }
  for (const char* text : {"127.0.0.1:1", "it's", "-x", "1.2.3", "http://x/y?z=1", "a - b"}) {
    INFO(text);
    CHECK(style(text) == ScalarStyle::kPlain);
  }
  CHECK(style("a\nb") == ScalarStyle::kLiteral);
  CHECK(scalar_style("x,y", true) == ScalarStyle::kSingle);
  CHECK(escape_double("a\tb\x01\"\xF0\x9F\x98\x80") == "a\\tb\\x01\\\"\\U0001F600");
}

TEST_CASE("variables follow our rule in TOML", "[config]") {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "1";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  const auto expand = [&](std::string_view text) {
    return expand_variables(text, environment).value_or("ERROR");
  };
  CHECK(expand("x${A}y") == "x1y");
  CHECK(expand("${B:-two}") == "two");
  CHECK(expand("${B:-}") == "");
  CHECK(expand("${EMPTY:-x}") == "x");
  CHECK(expand("${EMPTY}") == "");
  CHECK(expand("${B}") == "ERROR");
  CHECK(expand("$A $1 ${1} $$ ${ ${A ${-}") == "$A $1 ${1} $$ ${ ${A ${-}");
  CHECK(expand("$${A}") == "${A}");
  CHECK(expand("$") == "$");
}

TEST_CASE("variables follow Go's rule in external labels of prometheus.yml", "[config]") {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A" || name == "1") return name + "!";
    return std::nullopt;
  };
  std::vector<std::string> missing;
  const auto expand = [&](std::string_view text) {
    return expand_as_prometheus(text, environment, missing);
  };
  CHECK(expand("$A ${A} $1") == "A! A! 1!");
  CHECK(expand("$$A $$") == "$A $");
  CHECK(expand("$B-") == "-");
  CHECK(missing == std::vector<std::string>{"B"});
  CHECK(expand("$ x") == "$ x");
  CHECK(expand("a$") == "a$");
  CHECK(expand("${}x") == "x");
}

}  // namespace narthex::config
