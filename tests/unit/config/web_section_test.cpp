// SPDX-License-Identifier: Apache-2.0
// What Prometheus 3.5.3 takes and refuses in its web.config.file, with places.
#include "config/http_client.hpp"
#include "config/web_section.hpp"
#include "files.hpp"

#include <catch2/catch.hpp>

namespace narthex::config {
namespace {

const std::string kHash = "$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u";

struct WebLoaded {
  net::WebOptions web;
  std::vector<document::Finding> findings, warnings;
  bool good = false;

  std::string first() const {
    if (findings.empty()) return "no error";
    const document::Finding& f = findings[0];
    return std::to_string(f.place.line) + ":" + std::to_string(f.place.column) + " " + f.text;
  }
};

WebLoaded load_web(const std::string& text, const std::string& name = "web.yml") {
  const Files files;
  WebLoaded loaded;
  loaded.good =
      load_web_file(files.write(name, text), loaded.web, loaded.findings, loaded.warnings);
  return loaded;
}

}  // namespace

TEST_CASE("an empty web configuration opens everything", "[config]") {
  for (const std::string text : {"", "tls_server_config: {}\n", "basic_auth_users: {}\n"}) {
    const WebLoaded loaded = load_web(text);
    CHECK(loaded.good);
    CHECK_FALSE(loaded.web.has_tls);
    CHECK(loaded.web.users.empty());
    CHECK(loaded.web.http2);
  }
}

TEST_CASE("users and headers are read", "[config]") {
  const WebLoaded loaded = load_web(
      "http_server_config:\n"
      "  http2: false\n"
      "  headers:\n"
      "    X-Frame-Options: Deny\n"
      "    Strict-Transport-Security: ''\n"
      "    Content-Security-Policy: default-src 'self'\n"
      "basic_auth_users:\n"
      "  ada: " +
      kHash + "\n");
  INFO(loaded.first());
  REQUIRE(loaded.good);
  CHECK_FALSE(loaded.web.http2);
  CHECK(loaded.web.headers ==
        std::map<std::string, std::string>{{"X-Frame-Options", "Deny"},
                                           {"Content-Security-Policy", "default-src 'self'"}});
  CHECK(loaded.web.users.at("ada").reveal() == kHash);
}

TEST_CASE("the same stands in TOML, in a file or in [http]", "[config]") {
  const std::string toml = "[basic_auth_users]\nada = \"" + kHash + "\"\n";
  CHECK(load_web(toml, "web.toml").web.users.contains("ada"));
  const Loaded loaded =
      load_text("[http.basic_auth_users]\nada = \"" + kHash + "\"\n", "narthex.toml");
  REQUIRE(loaded.config);
  CHECK(loaded.config->http.web.users.at("ada").reveal() == kHash);
  CHECK(loaded.config->prometheus_yaml.find(kHash) == std::string::npos);
}

TEST_CASE("the file of the flag is read with the configuration", "[config]") {
  const Files files;
  const std::string web = files.write("web.yml", "basic_auth_users: {ada: \"" + kHash + "\"}\n");
  CommandLine line;
  line.config_file = files.write("prometheus.yml", "scrape_configs: []\n");
  line.flags = {{"web.config.file", web}};
  const Loaded loaded(line);
  REQUIRE(loaded.config);
  CHECK(loaded.config->http.web.users.contains("ada"));
  CHECK(loaded.config->flags.at("web.config.file") == web);
  line.config_file = files.write("narthex.toml", "[http]\nconfig_file = \"web.yml\"\n");
  line.flags.clear();
  CHECK(Loaded(line).config->http.web.users.contains("ada"));
  line.config_file = files.write(
      "both.toml",
      "[http]\nconfig_file = \"web.yml\"\n[http.basic_auth_users]\nbob = \"" + kHash + "\"\n");
  const Loaded both(line);
  CHECK_FALSE(both.config);
  CHECK(both.errors().at(0).find("keep one of them") != std::string::npos);
  line.config_file = files.path("prometheus.yml");
  line.flags = {{"web.config.file", files.path("none.yml")}};
  CHECK(Loaded(line).errors().at(0).find("none.yml: No such file") != std::string::npos);
}

TEST_CASE("a file may say how a tool speaks to a server", "[config]") {
  const Files files;
  net::ClientOptions client;
  std::vector<document::Finding> findings;
  CHECK(load_client_file(files.write("http.yml",
                                     "basic_auth:\n  username: ada\n  password: secret\n"
                                     "tls_config:\n  ca_file: ca.pem\n"),
                         client, findings));
  CHECK(client.basic_auth.password.reveal() == "secret");
  CHECK(client.tls.ca_file == files.path("ca.pem"));
  CHECK_FALSE(
      load_client_file(files.write("bad.toml", "[basic_auth]\nuser = 1\n"), client, findings));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text.find("user") != std::string::npos);
  findings.clear();
  CHECK_FALSE(load_client_file(files.path("none.yml"), client, findings));
  CHECK(findings.size() == 1);
}

TEST_CASE("bad web configurations are refused at their place", "[config]") {
  const std::string tls = "tls_server_config: {cert: a, key: b, ";
  const std::pair<std::string, std::string> cases[] = {
      {"foo: 1\n", "1:1 unknown key \"foo\" in the web configuration"},
      {"tls_server_config: {cert: a}\n", "1:20 missing one of key or key_file"},
      {"tls_server_config: {key_file: a}\n", "1:20 missing one of cert or cert_file"},
      {"tls_server_config: {client_auth_type: RequireAnyClientCert}\n",
       "1:20 missing one of cert or cert_file"},
      {tls + "cert_file: c}\n", "1:49 only one of cert and cert_file may be set"},
      {tls + "min_version: TLS9}\n", "1:51 unknown TLS version: TLS9"},
      {tls + "min_version: TLS13, max_version: TLS12}\n", "1:51 min_version is above max_version"},
      {tls + "cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]}\n",
       "1:53 unknown cipher: TLS_RSA_WITH_AES_128_CBC_SHA"},
      {tls + "curve_preferences: [P256]}\n", "1:57 unknown curve: P256"},
      {tls + "client_auth_type: Bad}\n", "1:56 invalid ClientAuth: Bad"},
      {tls + "client_ca: x}\n",
       "1:49 client CA's have been configured without a Client Auth Policy"},
      {tls + "}\n", "1:20 the server's certificate: there is no PEM certificate"},
      {"tls_server_config: {cert_file: none.pem, key_file: none.pem}\n", "1:20 cert_file: "},
      {"http_server_config: {headers: {X-Foo: bar}}\n",
       "1:32 HTTP header \"X-Foo\" can not be configured"},
      {"http_server_config: {headers: {x-frame-options: deny}}\n",
       "1:32 HTTP header \"x-frame-options\" can not be configured"},
      {"http_server_config: {headers: {X-Frame-Options: foo}}\n",
       "1:49 invalid value for X-Frame-Options: \"foo\"; expected one of: deny, sameorigin"},
      {"http_server_config: {headers: {X-XSS-Protection: \"a\\nb\"}}\n",
       "1:50 a header is one line"},
      {"http_server_config: {http3: true}\n", "1:22 unknown key \"http3\" in http_server_config"},
      {"basic_auth_users: {ada: hunter2}\n", "1:25 the password of \"ada\" is not a bcrypt hash: "},
  };
  for (const auto& [text, error] : cases) {
    INFO(text);
    const WebLoaded loaded = load_web(text);
    CHECK_FALSE(loaded.good);
    CHECK(loaded.first().substr(0, error.size()) == error);
    CHECK(document::render(loaded.findings).find("hunter2") == std::string::npos);
  }
}

}  // namespace narthex::config
