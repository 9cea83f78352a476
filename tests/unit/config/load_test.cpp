// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

namespace narthex::config {

TEST_CASE("without a file the agent scrapes itself and runs the node exporter", "[config]") {
  const Loaded loaded = load_flags({{"listen", "0.0.0.0:1234"}});
  REQUIRE(loaded.config);
  CHECK(loaded.config->file.empty());
  CHECK(loaded.config->warnings.empty());
  REQUIRE(loaded.config->scrape.jobs.size() == 1);
  const scrape::JobOptions& job = loaded.config->scrape.jobs[0];
  CHECK(job.job_name == "narthex");
  CHECK(job.interval_ms == 15'000);
  REQUIRE(job.discovery.size() == 1);
  CHECK(job.discovery[0].plugin == "static");
  const sdk::Value groups = sdk::Value(job.discovery[0].config)["groups"];
  REQUIRE(groups.items().size() == 1);
  const sdk::Value targets = sdk::Value(&groups.items()[0])["targets"];
  CHECK(sdk::Value(&targets.items()[0]).get<std::string>() == "127.0.0.1:1234");
  REQUIRE(loaded.config->scrape.exporters.size() == 1);
  CHECK(loaded.config->scrape.exporters[0].plugin == "node");
  CHECK(loaded.config->scrape.exporters[0].job == "node");
}

TEST_CASE("without a file, and with pages that ask for a password, nothing is scraped over HTTP",
          "[config]") {
  const Files files;
  CommandLine line;
  line.flags.emplace_back("web.config.file", files.write("web.yml", ""));
  const Loaded loaded(line);
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->scrape.jobs.empty());
  REQUIRE(loaded.config->scrape.exporters.size() == 2);
  CHECK(loaded.config->scrape.exporters[0].plugin == "self");
  CHECK(loaded.config->scrape.exporters[0].job == "narthex");
}

TEST_CASE("jobs inherit from global", "[config]") {
  const Loaded loaded = load_text(
      "global: {scrape_interval: 30s, scrape_timeout: 7s, sample_limit: 9, body_size_limit: 1MB}\n"
      "scrape_configs:\n"
      "- job_name: a\n"
      "- job_name: b\n"
      "  scrape_interval: 5s\n"
      "  sample_limit: 2\n"
      "  honor_timestamps: no\n"
      "- job_name: c\n"
      "  scrape_interval: 1m\n"
      "  scrape_timeout: 50s\n");
  REQUIRE(loaded.config);
  const auto& jobs = loaded.config->scrape.jobs;
  CHECK(jobs[0].interval_ms == 30'000);
  CHECK(jobs[0].timeout_ms == 7'000);
  CHECK(jobs[0].limits.sample_limit == 9);
  CHECK(jobs[0].limits.body_size_limit == 1 << 20);
  CHECK(jobs[0].honor_timestamps);
  CHECK(jobs[1].timeout_ms == 5'000);
  CHECK(jobs[1].limits.sample_limit == 2);
  CHECK_FALSE(jobs[1].honor_timestamps);
  CHECK(jobs[2].timeout_ms == 50'000);
}

TEST_CASE("a job that scrapes native histograms asks for protobuf first", "[config]") {
  const Loaded loaded = load_text(
      "scrape_configs:\n- {job_name: a, scrape_native_histograms: true}\n- {job_name: b}\n");
  REQUIRE(loaded.config);
  CHECK(loaded.config->scrape.jobs.at(0).scrape_protocols.at(0) == "PrometheusProto");
  CHECK(loaded.config->scrape.jobs.at(1).scrape_protocols.at(0) == "OpenMetricsText1.0.0");
  // What global says is said to all.
  const Loaded given = load_text(
      "global: {scrape_protocols: [PrometheusText0.0.4]}\n"
      "scrape_configs:\n- {job_name: a, scrape_native_histograms: true}\n");
  REQUIRE(given.config);
  CHECK(given.config->scrape.jobs.at(0).scrape_protocols ==
        std::vector<std::string>{"PrometheusText0.0.4"});
}

TEST_CASE("the same configuration in TOML and in YAML is the same", "[config]") {
  const Loaded yaml = load_text(
      "global: {external_labels: {site: oslo}}\n"
      "scrape_configs:\n"
      "- job_name: node\n"
      "  static_configs: [{targets: ['127.0.0.1:9100'], labels: {env: dev}}]\n"
      "  relabel_configs: [{source_labels: [__address__], regex: '(.*):.*', replacement: '${1}', "
      "target_label: host}]\n");
  const Loaded toml = load_text(
      "[global]\nexternal_labels = { site = \"oslo\" }\n"
      "[[scrape_configs]]\njob_name = \"node\"\n"
      "static_configs = [{ targets = [\"127.0.0.1:9100\"], labels = { env = \"dev\" } }]\n"
      "[[scrape_configs.relabel_configs]]\nsource_labels = [\"__address__\"]\n"
      "regex = \"(.*):.*\"\nreplacement = \"${1}\"\ntarget_label = \"host\"\n",
      "narthex.toml");
  REQUIRE(yaml.config);
  REQUIRE(toml.config);
  CHECK(yaml.config->prometheus_yaml == toml.config->prometheus_yaml);
  CHECK(yaml.config->scrape.jobs[0].fingerprint == toml.config->scrape.jobs[0].fingerprint);
}

TEST_CASE("labels and targets are text whatever they look like", "[config]") {
  const Loaded loaded = load_text(
      "scrape_configs:\n- job_name: 5\n  static_configs:\n"
      "  - targets: [5, true]\n    labels: {a: 1.10, b: ~, c: on}\n");
  REQUIRE(loaded.config);
  CHECK(loaded.config->scrape.jobs[0].job_name == "5");
  const auto& mechanism = loaded.config->scrape.jobs[0].discovery[0];
  const sdk::Value group(&sdk::Value(mechanism.config)["groups"].items()[0]);
  CHECK(sdk::Value(&group["targets"].items()[1]).get<std::string>() == "true");
  CHECK(group["labels"]["a"].get<std::string>() == "1.10");
  CHECK(group["labels"]["b"].type() == NX_STRING);
  CHECK(mechanism.document->place(group["labels"]["a"].raw()).line == 5);
}

TEST_CASE("conf.d is merged in lexical order", "[config]") {
  const Files files;
  CommandLine command_line;
  command_line.config_file = files.write(
      "narthex.toml", "[[scrape_configs]]\njob_name = \"a\"\n[global]\nsample_limit = 1\n");
  files.write("conf.d/20.toml", "[[scrape_configs]]\njob_name = \"c\"\n");
  files.write("conf.d/10.toml",
              "[[scrape_configs]]\njob_name = \"b\"\n[global]\nscrape_interval = \"5s\"\n");
  files.write("conf.d/ignored.txt", "what");
  const Loaded good(command_line);
  REQUIRE(good.config);
  REQUIRE(good.config->scrape.jobs.size() == 3);
  CHECK(good.config->scrape.jobs[0].job_name == "a");
  CHECK(good.config->scrape.jobs[1].job_name == "b");
  CHECK(good.config->scrape.jobs[2].interval_ms == 5'000);

  files.write("conf.d/30.toml", "[global]\nsample_limit = 2\n");
  const Loaded twice(command_line);
  REQUIRE(twice.findings.size() == 1);
  CHECK(twice.findings[0].place.file.ends_with("conf.d/30.toml"));
  CHECK(twice.findings[0].text.find("narthex.toml:4:16") != std::string::npos);
}

TEST_CASE("variables are expanded in TOML and where Prometheus does it", "[config]") {
  ::setenv("NARTHEX_TEST_SITE", "oslo", 1);
  ::unsetenv("NARTHEX_TEST_NONE");
  const Loaded toml = load_text(
      "[global]\nexternal_labels = { a = \"${NARTHEX_TEST_SITE}-1\", b = "
      "\"${NARTHEX_TEST_NONE:-x}\" "
      "}\n",
      "n.toml");
  REQUIRE(toml.config);
  CHECK(toml.config->scrape.external_labels[0].second == "oslo-1");
  CHECK(toml.config->scrape.external_labels[1].second == "x");
  const Loaded missing =
      load_text("[[scrape_configs]]\njob_name = \"${NARTHEX_TEST_NONE}\"\n", "n.toml");
  REQUIRE(missing.findings.size() == 1);
  CHECK(missing.errors()[0].starts_with("2:12 the environment variable NARTHEX_TEST_NONE"));
  const Loaded yaml = load_text(
      "global: {external_labels: {a: 'x$NARTHEX_TEST_SITE $$ ${NARTHEX_TEST_NONE}'}}\n"
      "scrape_configs: [{job_name: '${NARTHEX_TEST_SITE}'}]\n");
  REQUIRE(yaml.config);
  CHECK(yaml.config->scrape.external_labels[0].second == "xoslo $ ");
  CHECK(yaml.config->scrape.jobs[0].job_name == "${NARTHEX_TEST_SITE}");
  CHECK(yaml.config->warnings.size() == 1);
}

TEST_CASE("variables are those of whoever loads, in every file", "[config]") {
  const Files files;
  CommandLine command_line;
  command_line.config_file =
      files.write("n.toml",
                  "scrape_config_files = [\"more/*.toml\"]\n"
                  "[global]\nexternal_labels = { a = \"${NARTHEX_TEST_HERE}\" }\n"
                  "[http]\nconfig_file = \"${NARTHEX_TEST_FOLDER}/web.toml\"\n");
  files.write("conf.d/j.toml", "[[scrape_configs]]\njob_name = \"${NARTHEX_TEST_HERE}-j\"\n");
  files.write("more/k.toml", "[[scrape_configs]]\njob_name = \"${NARTHEX_TEST_HERE}-k\"\n");
  std::vector<std::string> asked;
  const auto here = [&](const std::string& name) -> std::optional<std::string> {
    asked.push_back(name);
    if (name == "NARTHEX_TEST_FOLDER") return files.path(".");
    if (name == "NARTHEX_TEST_HERE") return "oslo";
    return std::nullopt;
  };
  files.write("web.toml", "");
  const Loaded loaded(command_line, here);
  INFO(document::render(loaded.findings));
  REQUIRE(loaded.config);
  CHECK(loaded.config->scrape.external_labels[0].second == "oslo");
  REQUIRE(loaded.config->scrape.jobs.size() == 2);
  CHECK(loaded.config->scrape.jobs[0].job_name == "oslo-j");
  CHECK(loaded.config->scrape.jobs[1].job_name == "oslo-k");
  CHECK(asked.size() == 4);
  CHECK(Loaded(command_line).config == nullptr);
}

TEST_CASE("relative paths are relative to their file, user keys are not paths", "[config]") {
  const Files files;
  CommandLine command_line;
  command_line.config_file = files.write(
      "a/prometheus.yml",
      "scrape_config_files: ['more/*.yml']\n"
      "scrape_configs:\n- job_name: x\n  basic_auth: {username: u, password_file: secret}\n"
      "  file_sd_configs: [{files: [targets/*.json, /abs.json]}]\n"
      "  static_configs: [{targets: [a], labels: {some_file: f}}]\n");
  files.write("a/more/one.yml", "scrape_configs: [{job_name: y, tls_config: {ca_file: ca.pem}}]\n");
  const Loaded loaded(command_line);
  REQUIRE(loaded.config);
  const auto& jobs = loaded.config->scrape.jobs;
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].client.basic_auth.password_file == files.path("a/secret"));
  CHECK(jobs[1].client.tls.ca_file == files.path("a/more/ca.pem"));
  const sdk::Value sd = sdk::Value(jobs[0].discovery[0].config)["files"];
  CHECK(sdk::Value(&sd.items()[0]).get<std::string>() == files.path("a/targets/*.json"));
  CHECK(sdk::Value(&sd.items()[1]).get<std::string>() == "/abs.json");
  const sdk::Value group(&sdk::Value(jobs[0].discovery[1].config)["groups"].items()[0]);
  CHECK(group["labels"]["some_file"].get<std::string>() == "f");
  // Jobs of other files are not part of what the configuration shows.
  CHECK(loaded.config->prometheus_yaml.find("job_name: \"y\"") == std::string::npos);
}

TEST_CASE("a receiver with sockets has the agent's keys and its plugin's", "[config]") {
  const Loaded loaded = load_text(
      "ingest: [{plugin: statsd, listen: '127.0.0.1:0', transport: udp, max_connections: 7,\n"
      "  idle_timeout: 1m, max_line_size: 1KiB, flush_interval: 5s, ttl: 1h}, {plugin: influx}]\n");
  REQUIRE(loaded.config);
  const ingest::ReceiverOptions& statsd = loaded.config->ingest.at(0);
  CHECK(!statsd.tcp);
  CHECK(statsd.udp);
  CHECK(statsd.connections_max == 7);
  CHECK(statsd.idle_timeout_ms == 60'000);
  CHECK(statsd.line_bytes_max == 1024);
  CHECK(statsd.flush_interval_ms == 5'000);
  CHECK(statsd.interface_id() == NX_INGEST_DATAGRAM_ID);
  REQUIRE(sdk::Value(statsd.config).entries().size() == 1);
  CHECK(view(sdk::Value(statsd.config).entries()[0].key) == "ttl");
  CHECK(loaded.config->ingest.at(1).interface_id() == NX_INGEST_ID);
}

TEST_CASE("our own tables are read from TOML and YAML", "[config]") {
  const Loaded loaded = load_text(
      "exporters: [{plugin: node, interval: 5s, labels: {a: b}, collectors: [cpu]}]\n"
      "ingest: [{plugin: graphite, listen: '127.0.0.1:2003', depth: 3}]\n"
      "http: {listen: '127.0.0.1:0', remote_write_receiver: true, max_connections: 7}\n"
      "storage: {backend: memory, retention: 1d, fsync: always, memory: {max_bytes: 1GB},\n"
      "  tsdb: {out_of_order_time_window: 30m, head_bytes: 256MB, page_cache_bytes: 1MiB},\n"
      "  exemplars: {max_exemplars: 5}}\n"
      "plugins: {path: [/p]}\n"
      "query: {timeout: 1m, max_concurrency: 3, max_memory: 64MB, max_memory_all: 1GB,\n"
      "  log_slower_than: 2s}\n"
      "global: {query_log_file: /var/log/queries.log}\n");
  REQUIRE(loaded.config);
  const Config& config = *loaded.config;
  const auto& exporter = config.scrape.exporters[0];
  CHECK(exporter.interval_ms == 5'000);
  CHECK(exporter.labels[0].first == "a");
  REQUIRE(sdk::Value(exporter.config).entries().size() == 1);
  CHECK(exporter.document->key_place(&sdk::Value(exporter.config).entries()[0]).line == 1);
  REQUIRE(config.ingest.size() == 2);
  CHECK(config.ingest[0].listen == "127.0.0.1:2003");
  CHECK(sdk::Value(config.ingest[0].config)["depth"].get<int>() == 3);
  CHECK(config.ingest[1].plugin == "remote_write");
  CHECK(config.http.server.connections_max == 7);
  CHECK(config.storage.retention.max_age_ms == 86'400'000);
  CHECK(config.storage.memory_max_bytes == 1u << 30);
  CHECK(config.storage.max_exemplars == 5);
  CHECK(config.storage.head_bytes == 256u << 20);
  CHECK(config.storage.page_cache_bytes == 1u << 20);
  CHECK(config.storage.fsync == "always");
  CHECK(config.plugin_dirs == std::vector<std::string>{"/p"});
  CHECK(config.query.timeout_ms == 60'000);
  CHECK(config.query.max_concurrency == 3);
  CHECK(config.query.max_memory == 64u << 20);
  CHECK(config.query.max_memory_all == 1u << 30);
  CHECK(config.query.log_slower_than_ms == 2000);
  CHECK(config.query.log_file == "/var/log/queries.log");
  CHECK(config.warnings.empty());
}

TEST_CASE("memories that are no such are told", "[config]") {
  const Loaded loaded = load_text("storage: {tsdb: {head_bytes: 10KB}}\n");
  CHECK_FALSE(loaded.config);
  REQUIRE(loaded.findings.size() == 1);
  CHECK(loaded.findings[0].text == "head_bytes must be 1MiB or more");
  CHECK(loaded.findings[0].place.line == 1);
}

TEST_CASE("destinations of remote write are read, with Prometheus's defaults", "[config]") {
  const Loaded loaded = load_text(
      "global: {external_labels: {site: oslo}}\n"
      "storage: {remote_write: {max_bytes: 1GB}}\n"
      "remote_write:\n"
      "- {url: 'http://a/w'}\n"
      "- {url: 'http://u:p@b/w', name: two, protobuf_message: io.prometheus.write.v2.Request,\n"
      "   queue_config: {max_shards: 3}, metadata_config: {send: false}}\n");
  REQUIRE(loaded.config);
  const remote_write::RemoteWriteOptions& options = loaded.config->remote_write;
  CHECK(options.max_bytes == 1u << 30);
  CHECK(options.external_labels[0].second == "oslo");
  REQUIRE(options.destinations.size() == 2);
  const auto& first = options.destinations[0];
  CHECK(first.queue == remote_write::QueueOptions());
  CHECK(first.metadata == remote_write::MetadataOptions());
  CHECK(first.protocol == remote_write::Protocol::kV1);
  CHECK(first.remote_timeout_ms == 30'000);
  CHECK_FALSE(first.client.enable_http2);
  CHECK_FALSE(first.name_given);
  CHECK(first.name.size() == 6);
  const auto& second = options.destinations[1];
  CHECK(second.name == "two");
  CHECK(second.protocol == remote_write::Protocol::kV2);
  CHECK(second.queue.max_shards == 3);
  CHECK_FALSE(second.metadata.send);
  CHECK(second.url == "http://u:p@b/w");
  CHECK(second.shown_url == "http://u:xxxxx@b/w");
  CHECK(first.fingerprint != second.fingerprint);
  const Loaded again = load_text("remote_write: [{url: 'http://a/w', remote_timeout: 30s}]\n");
  CHECK(again.config->remote_write.destinations[0].fingerprint == first.fingerprint);
}

TEST_CASE("endpoints of remote_read and the options of the remote backend are read", "[config]") {
  const Loaded loaded = load_text(
      "storage: {backend: remote, remote: {url: 'http://engine', timeout: 5s}}\n"
      "remote_read:\n"
      "- url: http://a/read\n"
      "- {url: 'http://b/read', name: b, remote_timeout: 5s, read_recent: true, headers: {X: y},\n"
      "   filter_external_labels: false, required_matchers: {a: b}, basic_auth: {username: u}}\n");
  CHECK(loaded.errors().empty());
  REQUIRE(loaded.config);
  REQUIRE(loaded.config->storage.remote);
  const sdk::Value remote(&loaded.config->storage.remote->root());
  CHECK(remote["url"].get<std::string>() == "http://engine");
  CHECK(loaded.config->restart_only.at("storage.remote") ==
        loaded.config->storage.remote_fingerprint);
  const auto& reads = loaded.config->remote_reads;
  REQUIRE(reads.size() == 2);
  CHECK(reads[0].timeout_ms == 60'000);
  CHECK(reads[0].filter_external_labels);
  CHECK_FALSE(reads[0].read_recent);
  CHECK(reads[0].fingerprint != reads[1].fingerprint);
  CHECK(reads[1].name == "b");
  CHECK(reads[1].timeout_ms == 5'000);
  CHECK(reads[1].read_recent);
  CHECK_FALSE(reads[1].filter_external_labels);
  CHECK(reads[1].headers == decltype(reads[1].headers){{"X", "y"}});
  CHECK(reads[1].required_matchers == decltype(reads[1].headers){{"a", "b"}});
  // What is left is the HTTP client's.
  const sdk::Value client(&reads[1].client->root());
  CHECK(client.entries().size() == 1);
  CHECK(client["basic_auth"]["username"].get<std::string>() == "u");
}

TEST_CASE("what has no feature yet loads with one warning each", "[config]") {
  const Loaded loaded = load_text(
      "rule_files: [a.yml, b.yml]\n"
      "alerting: {alertmanagers: [{static_configs: [{targets: [a]}]}]}\n");
  REQUIRE(loaded.config);
  CHECK(loaded.config->warnings.size() == 2);
}

TEST_CASE("a job's fingerprint changes with what it does and with nothing else", "[config]") {
  const auto fingerprint = [](const std::string& text) {
    const Loaded loaded = load_text(text);
    REQUIRE(loaded.config);
    return loaded.config->scrape.jobs[0].fingerprint;
  };
  const std::string job = "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [x]}]\n";
  CHECK(fingerprint(job) == fingerprint("# comment\n" + job + "- job_name: other\n"));
  CHECK(fingerprint(job) != fingerprint(job + "  metrics_path: /m\n"));
  CHECK(fingerprint(job) != fingerprint("global: {scrape_interval: 5s}\n" + job));
  CHECK(fingerprint(job + "  bearer_token: a\n") != fingerprint(job + "  bearer_token: b\n"));
}

}  // namespace narthex::config
