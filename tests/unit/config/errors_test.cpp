// SPDX-License-Identifier: Apache-2.0
// What Prometheus 3.5.3 refuses is refused, at its place and where it can be in its words.
#include "files.hpp"

#include <catch2/catch.hpp>

namespace narthex::config {
namespace {

const std::string kJob =
    "scrape_configs:\n"
    "- job_name: x\n"
    "  static_configs: [{targets: ['127.0.0.1:1']}]\n";

struct Case {
  std::string text;
  std::string error;  // of the first finding, with its place
};

}  // namespace

TEST_CASE("bad global sections are refused", "[config]") {
  const Case cases[] = {
      {"global: {scrape_interval: 15 parsecs}\n",
       "1:27 scrape_interval: not a valid duration string: \"15 parsecs\""},
      {"global: {scrape_timeout: 2m}\n", "1:26 global scrape timeout greater than scrape interval"},
      {"global: {scrape_protocols: []}\n",
       "1:28 scrape_protocols cannot be empty for global config"},
      {"global: {external_labels: {'': c}}\n", "1:27 \"\" is not a valid label name"},
      {"global: {scrape_intervall: 5s}\n", "1:10 unknown key \"scrape_intervall\" in global"},
      {"global: {metric_name_validation_scheme: legacy, metric_name_escaping_scheme: "
       "allow-utf-8}\n",
       "1:78 utf8 metric names requested but validation scheme is not set to UTF8"},
      {"[]", "1:1 the configuration must be a table of keys, not a list"},
      {"scrape_configs: [null]\n", "1:18 empty or null scrape config section"},
      {"rule_files: ['[']\n", "1:14 syntax error in pattern \""},
      {"remote_read: [{name: a}]\n", "1:15 url for remote_read is empty"},
      {"remote_read: [{url: 'http://a', name: x}, {url: 'http://b', name: x}]\n",
       "1:67 found multiple remote read configs with job name \"x\""},
      {"remote_read: [{url: 'http://a', headers: {Authorization: x}}]\n",
       "1:42 Authorization is a reserved header. It must not be changed"},
      {"remote_read: [{url: 'http://a', urls: x}]\n",
       "1:33 unknown key \"urls\" in an element of remote_read"},
      {"tracing: {endpoint: a}\n", "1:1 tracing is not in this version"},
      {"otlp: {translation_strategy: foo}\n", "1:30 unsupported OTLP translation strategy \"foo\""},
      {"alerting: {alertmanagers: [{api_version: v1}]}\n",
       "1:42 expected Alertmanager api version to be one of [v2] but got v1"},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const Loaded loaded = load_text(each.text);
    CHECK_FALSE(loaded.config);
    REQUIRE_FALSE(loaded.findings.empty());
    CHECK(loaded.errors()[0].substr(0, each.error.size()) == each.error);
  }
}

TEST_CASE("bad destinations of remote write are refused", "[config]") {
  const Case cases[] = {
      {"remote_write: [{url: ''}]\n", "1:22 url for remote_write is empty"},
      {"remote_write: [{url: 'ftp://a'}]\n", "1:22 remote_write: \"ftp://a\" is no URL"},
      {"remote_write: [null]\n", "1:16 empty or null remote write config section"},
      {"remote_write: [{url: 'http://a', name: x}, {url: 'http://b', name: x}]\n",
       "1:68 found multiple remote write configs with job name \"x\""},
      {"remote_write: [{url: 'http://a', protobuf_message: p}]\n",
       "1:52 unknown remote write protobuf message p, supported: prometheus.WriteRequest"},
      {"remote_write: [{url: 'http://a', headers: {Content-Type: x}}]\n",
       "1:43 Content-Type is a reserved header. It must not be changed"},
      {"remote_write: [{url: 'http://a', headers: {authorization: x}}]\n",
       "1:43 authorization header must be changed via"},
      {"remote_write: [{url: 'http://a', queue_config: {max_shards: 0}}]\n",
       "1:61 max_shards must be between 1 and 1000"},
      {"remote_write: [{url: 'http://a', queue_config: {min_shards: 99}}]\n",
       "1:61 min_shards must not be above max_shards"},
      {"remote_write: [{url: 'http://a', queue_config: {max_backoff: 1ms}}]\n",
       "1:62 min_backoff must be above 0, and max_backoff not below it"},
      {"remote_write: [{url: 'http://a', sigv4: {}}]\n", "1:41 sigv4 is not in this version"},
      {"remote_write: [{url: 'http://a', round_robin_dns: true}]\n",
       "1:51 round_robin_dns is not in this version"},
      {"remote_write: [{url: 'http://a', urll: b}]\n", "1:34 unknown key \"urll\" in "},
      {"storage: {remote_write: {max_bytes: 1MB}}\n",
       "1:37 [storage.remote_write] max_bytes must be 64MiB or more"},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const Loaded loaded = load_text(each.text);
    CHECK_FALSE(loaded.config);
    REQUIRE_FALSE(loaded.findings.empty());
    CHECK(loaded.errors()[0].substr(0, each.error.size()) == each.error);
  }
}

TEST_CASE("bad jobs are refused", "[config]") {
  const Case cases[] = {
      {"  scrape_interval: 1s\n  scrape_timeout: 5s\n",
       "5:19 scrape timeout greater than scrape interval for scrape config with job name \"x\""},
      {"- job_name: x\n", "4:13 found multiple scrape configs with job name \"x\""},
      {"- static_configs: []\n", "4:3 job_name is empty"},
      {"  scrape_protocols: [foo]\n",
       "4:21 scrape_protocols: unknown scrape protocol foo, supported: [OpenMetricsText0.0.1 "
       "OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0] for scrape "
       "config with job name \"x\""},
      {"  fallback_scrape_protocol: foo\n", "4:29 invalid fallback_scrape_protocol"},
      {"  relabel_configs: [{source_labels: [a], regex: '((', target_label: b}]\n",
       "4:49 relabel_configs: error parsing regexp: missing closing ): `^(?s:(()$`"},
      {"  relabel_configs: [{action: foo}]\n", "4:21 relabel_configs: unknown relabel action"},
      {"  relabel_configs: [{source_labels: [a]}]\n",
       "4:21 relabel_configs: relabel configuration for replace action requires 'target_label'"},
      {"  relabel_configs: [null]\n", "4:21 empty or null relabeling rule"},
      {"  sample_limit: -1\n", "4:17 sample_limit must be a whole number, 0 or more, not \"-1\""},
      {"  sample_limit: '5'\n", "4:17 sample_limit must be a whole number"},
      {"  honor_labels: maybe\n", "4:17 honor_labels must be true or false, not \"maybe\""},
      {"  enable_http2: 'no'\n", "4:17 enable_http2 must be true or false"},
      {"  body_size_limit: 10\n", "4:20 body_size_limit: units: unknown unit  in 10"},
      {"  params: {a: b}\n", "4:15 a must be a list, not \"b\""},
      {"  scrape_interval: ''\n", "4:20 scrape_interval: empty duration string"},
      {"  scrape_interval: 15\n", "4:20 scrape_interval: not a valid duration string: \"15\""},
      {"  job_name: y\n", "4:3 duplicate key \"job_name\""},
      {"  no_such: 1\n", "4:3 unknown key \"no_such\" in an element of scrape_configs"},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const Loaded loaded = load_text(kJob + each.text);
    CHECK_FALSE(loaded.config);
    REQUIRE_FALSE(loaded.findings.empty());
    CHECK(loaded.errors()[0].substr(0, each.error.size()) == each.error);
  }
}

TEST_CASE("authentication and proxies exclude each other as in Prometheus", "[config]") {
  const Case cases[] = {
      {"  basic_auth: {username: a, password: b, password_file: c}\n", "4:57 at most one of"},
      {"  basic_auth: {username: a}\n  authorization: {credentials: x}\n",
       "4:15 at most one of basic_auth, oauth2 & authorization must be configured"},
      {"  bearer_token: x\n  bearer_token_file: y\n", "5:22 at most one of bearer_token"},
      {"  authorization: {type: Basic}\n", "4:25 authorization type cannot be set to \"basic\""},
      {"  oauth2: {client_id: a}\n", "4:11 oauth2 token_url must be configured"},
      {"  tls_config: {cert_file: y}\n", "4:15 exactly one of key or key_file"},
      {"  tls_config: {min_version: TLS9}\n", "4:29 unknown TLS version: TLS9"},
      {"  no_proxy: a\n", "4:13 if no_proxy is configured, proxy_url must also be configured"},
      {"  proxy_url: http://a\n  proxy_from_environment: true\n",
       "4:14 if proxy_from_environment is configured"},
      {"  proxy_url: '::'\n", "4:14 parse \"::\": missing protocol scheme"},
      {"  http_headers: {Host: {values: [a]}}\n", "4:18 setting header \"Host\" is not allowed"},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const Loaded loaded = load_text(kJob + each.text);
    CHECK_FALSE(loaded.config);
    REQUIRE_FALSE(loaded.findings.empty());
    CHECK(loaded.errors()[0].substr(0, each.error.size()) == each.error);
  }
}

TEST_CASE("sockets of receivers within their bounds", "[config]") {
  const std::string receiver = "ingest: [{plugin: graphite, listen: ':2003', ";
  const Case cases[] = {
      {receiver + "transport: sctp}]\n", "transport must be \"tcp\", \"udp\" or \"both\""},
      {receiver + "max_connections: 0}]\n", "max_connections must be between 1 and 1000000"},
      {receiver + "idle_timeout: 1ms}]\n", "idle_timeout must be between 100ms and 1d"},
      {receiver + "max_line_size: 1B}]\n", "max_line_size must be between 64B and 16MiB"},
      {receiver + "flush_interval: 2d}]\n", "flush_interval must be between 100ms and 1d"},
      {"ingest: [{plugin: influx, transport: tcp}]\n", "transport needs listen"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Loaded loaded = load_text(c.text);
    CHECK_FALSE(loaded.config);
    REQUIRE_FALSE(loaded.findings.empty());
    CHECK(loaded.findings[0].text == c.error);
  }
}

TEST_CASE("all errors come at once, with the nearest key", "[config]") {
  const Loaded loaded = load_text(
      "global:\n"
      "  scrape_intervall: 15s\n"
      "  evaluation_interval: x\n"
      "scrape_configs:\n"
      "- job_name: a\n"
      "  metrics_pth: /m\n"
      "  static_configs: [{targets: ['http://x']}]\n"
      "- job_name: a\n");
  CHECK(loaded.errors().size() == 5);
  const std::string text = document::render(loaded.findings);
  CHECK(text.find("did you mean \"scrape_interval\"?") != std::string::npos);
  CHECK(text.find("did you mean \"metrics_path\"?") != std::string::npos);
  CHECK(text.find("\"http://x\" is not a valid hostname") != std::string::npos);
}

TEST_CASE("a missing, a huge and a strange file are refused in one line", "[config]") {
  const Files files;
  CommandLine missing;
  missing.config_file = files.path("nothing.yml");
  CHECK(Loaded(missing).errors() == std::vector<std::string>{"cannot read " + missing.config_file +
                                                             ": No such file or directory"});
  std::filesystem::create_directory(files.path("folder.yml"));
  CommandLine folder;
  folder.config_file = files.path("folder.yml");
  CHECK(Loaded(folder).errors()[0].ends_with("it is a directory"));
  CommandLine huge;
  huge.config_file = files.write("huge.yml", "");
  std::filesystem::resize_file(huge.config_file, std::uintmax_t{1} << 30);
  CHECK(Loaded(huge).errors()[0].ends_with("larger than 16 MiB"));
}

TEST_CASE("a secret is in no message", "[config]") {
  const Loaded loaded =
      load_text(kJob +
                "  basic_auth: {username: a, password: hunter2, passwort: x}\n"
                "  authorization:\n    credentials: hunter2\n    credentials_file: y\n");
  CHECK(loaded.findings.size() >= 2);
  CHECK(document::render(loaded.findings).find("hunter2") == std::string::npos);
}

}  // namespace narthex::config
