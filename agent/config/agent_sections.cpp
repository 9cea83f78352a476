// SPDX-License-Identifier: Apache-2.0
#include "config/agent_sections.hpp"

#include "config/fingerprint.hpp"
#include "config/isolation.hpp"
#include "config/relabel_rules.hpp"
#include "config/web_section.hpp"

#include <array>
#include <set>

namespace narthex::config {

namespace {

// The keys of [[exporters]] that are ours; the others are the plugin's.
constexpr std::array<std::string_view, 15> kExporterKeys = {"plugin",
                                                            "isolation",
                                                            "job",
                                                            "instance",
                                                            "interval",
                                                            "timeout",
                                                            "labels",
                                                            "metric_relabel_configs",
                                                            "body_size_limit",
                                                            "sample_limit",
                                                            "target_limit",
                                                            "label_limit",
                                                            "label_name_length_limit",
                                                            "label_value_length_limit",
                                                            "keep_dropped_targets"};
// Keys of a receiver that are the agent's; the rest is its plugin's.
constexpr std::array<std::string_view, 8> kReceiverKeys = {
    "plugin",          "isolation",    "listen",        "transport",
    "max_connections", "idle_timeout", "max_line_size", "flush_interval"};
constexpr std::array<std::string_view, 5> kSocketKeys = {
    "transport", "max_connections", "idle_timeout", "max_line_size", "flush_interval"};

std::string fingerprint_of_part(const Part& part) {
  std::string text;
  append_canonical(text, *part.value);
  return fingerprint_of(text);
}

scrape::ExporterOptions read_exporter(TableReader& table, const GlobalOptions& global) {
  scrape::ExporterOptions exporter;
  table.read("plugin", exporter.plugin);
  if (exporter.plugin.empty()) table.error("plugin", "an exporter needs a plugin");
  table.read("job", exporter.job);
  if (exporter.job.empty()) exporter.job = exporter.plugin;
  table.read("instance", exporter.instance);
  table.read_duration("interval", exporter.interval_ms);
  table.read_duration("timeout", exporter.timeout_ms);
  const std::int64_t interval_ms =
      exporter.interval_ms != 0 ? exporter.interval_ms : global.interval_ms;
  if (exporter.timeout_ms > interval_ms) {
    table.error("timeout", "timeout greater than interval for exporter \"" + exporter.job + '"');
  }
  std::map<std::string, std::string> labels;
  table.read("labels", labels);
  exporter.labels.assign(labels.begin(), labels.end());
  exporter.metric_relabel_configs = read_rules(table, "metric_relabel_configs");
  exporter.limits = global.limits;
  exporter.isolated = read_isolation(table);
  bool body_limit_given = false;
  read_limits(table, exporter.limits, body_limit_given);
  exporter.document =
      document::Document::without(table.part().document, *table.part().value, kExporterKeys);
  exporter.config = &exporter.document->root();
  exporter.fingerprint = fingerprint_of_part(table.part());
  return exporter;
}

}  // namespace

std::vector<scrape::ExporterOptions> read_exporters(TableReader& root,
                                                    const GlobalOptions& global) {
  std::vector<scrape::ExporterOptions> exporters;
  std::set<std::pair<std::string, std::string>> seen;
  for (TableReader& table : root.tables("exporters", "empty element of exporters")) {
    exporters.push_back(read_exporter(table, global));
    const auto& exporter = exporters.back();
    if (seen.insert({exporter.job, exporter.instance}).second) continue;
    table.error("plugin", "two exporters have the job \"" + exporter.job +
                              "\" and the same instance: set job or instance on one of them");
  }
  return exporters;
}

namespace {

void read_transport(TableReader& table, ingest::ReceiverOptions& receiver) {
  std::string transport;
  if (!table.read("transport", transport)) return;
  receiver.tcp = transport != "udp";
  receiver.udp = transport != "tcp";
  if (transport == "tcp" || transport == "udp" || transport == "both") return;
  table.error("transport", "transport must be \"tcp\", \"udp\" or \"both\"");
}

// The keys of receivers with sockets of their own. A value that is out of bounds is an error.
void read_sockets(TableReader& table, ingest::ReceiverOptions& receiver) {
  constexpr std::int64_t kDay = 86'400'000;
  read_transport(table, receiver);
  if (table.read("max_connections", receiver.connections_max) &&
      (receiver.connections_max == 0 || receiver.connections_max > 1'000'000)) {
    table.error("max_connections", "max_connections must be between 1 and 1000000");
  }
  if (table.read_duration("idle_timeout", receiver.idle_timeout_ms) &&
      (receiver.idle_timeout_ms < 100 || receiver.idle_timeout_ms > kDay)) {
    table.error("idle_timeout", "idle_timeout must be between 100ms and 1d");
  }
  if (table.read_bytes("max_line_size", receiver.line_bytes_max) &&
      (receiver.line_bytes_max < 64 || receiver.line_bytes_max > (16 << 20))) {
    table.error("max_line_size", "max_line_size must be between 64B and 16MiB");
  }
  if (table.read_duration("flush_interval", receiver.flush_interval_ms) &&
      (receiver.flush_interval_ms < 100 || receiver.flush_interval_ms > kDay)) {
    table.error("flush_interval", "flush_interval must be between 100ms and 1d");
  }
  if (!receiver.listen.empty()) return;
  for (const std::string_view key : kSocketKeys) {
    if (table.has(key)) table.error(key, std::string(key) + " needs listen");
  }
}

}  // namespace

std::vector<ingest::ReceiverOptions> read_receivers(TableReader& root) {
  std::vector<ingest::ReceiverOptions> receivers;
  for (TableReader& table : root.tables("ingest", "empty element of ingest")) {
    ingest::ReceiverOptions receiver;
    table.read("plugin", receiver.plugin);
    if (receiver.plugin.empty()) table.error("plugin", "a receiver needs a plugin");
    table.read("listen", receiver.listen);
    receiver.isolated = read_isolation(table);
    read_sockets(table, receiver);
    receiver.document =
        document::Document::without(table.part().document, *table.part().value, kReceiverKeys);
    receiver.config = &receiver.document->root();
    receiver.fingerprint = fingerprint_of_part(table.part());
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

void read_http(TableReader table, HttpOptions& http) {
  if (!table.present()) return;
  table.read("listen", http.server.listen);
  table.read("external_url", http.external_url);
  table.read("route_prefix", http.route_prefix);
  table.read("remote_write_receiver", http.remote_write_receiver);
  table.read("enable_remote_write_receiver", http.remote_write_receiver);
  table.read("otlp_receiver", http.otlp_receiver);
  table.read("enable_otlp_receiver", http.otlp_receiver);
  table.read("enable_lifecycle", http.enable_lifecycle);
  table.read("enable_admin_api", http.enable_admin_api);
  table.read("page_title", http.page_title);
  table.read("cors_origin", http.server.cors_origin);
  table.read_duration("read_timeout", http.server.read_timeout_ms);
  table.read("remote_read_sample_limit", http.remote_read.samples_max);
  table.read("remote_read_concurrent_limit", http.remote_read.concurrent_max);
  table.read("remote_read_max_bytes_in_frame", http.remote_read.frame_bytes_max);
  std::uint64_t connections = 0;
  if (table.read("max_connections", connections)) {
    if (connections == 0 || connections > 1'000'000) {
      table.error("max_connections", "max_connections must be between 1 and 1000000");
    } else {
      http.server.connections_max = static_cast<int>(connections);
    }
  }
  table.read("config_file", http.web_config_file);
  read_web(table, http.web);
  table.done();
}

void read_query(TableReader table, QueryOptions& query) {
  if (!table.present()) return;
  table.read_duration("timeout", query.timeout_ms);
  table.read_duration("lookback_delta", query.lookback_ms);
  table.read("max_samples", query.max_samples);
  table.read_bytes("max_memory", query.max_memory);
  table.read_bytes("max_memory_all", query.max_memory_all);
  table.read_duration("log_slower_than", query.log_slower_than_ms);
  std::uint64_t concurrency = 0;
  if (table.read("max_concurrency", concurrency)) {
    if (concurrency == 0 || concurrency > 10'000) {
      table.error("max_concurrency", "max_concurrency must be between 1 and 10000");
    } else {
      query.max_concurrency = static_cast<int>(concurrency);
    }
  }
  table.done();
}

namespace {

host::PluginSettings read_settings(TableReader& table) {
  constexpr std::uint64_t kMemoryMin = 64 << 20;
  host::PluginSettings settings;
  settings.isolated = read_isolation(table);
  if (table.read_bytes("memory_max", settings.memory_max) && settings.memory_max < kMemoryMin) {
    table.error("memory_max", "memory_max must be at least 64MiB");
  }
  if (table.read_duration("cpu_max", settings.cpu_max_ms) && settings.cpu_max_ms < 1000) {
    table.error("cpu_max", "cpu_max must be at least 1s");
  }
  if (table.read("open_files_max", settings.open_files_max) && settings.open_files_max < 32) {
    table.error("open_files_max", "open_files_max must be at least 32");
  }
  if (!settings.isolated) {
    for (const std::string_view key : {"memory_max", "cpu_max", "open_files_max"}) {
      if (table.has(key)) {
        table.error(key, std::string(key) + " needs isolation = \"process\"");
      }
    }
  }
  table.done();
  return settings;
}

}  // namespace

void read_plugins(TableReader table, std::vector<std::string>& folders,
                  host::PluginPolicy& policy) {
  if (!table.present()) return;
  table.read("path", folders);
  table.read("quarantine", policy.quarantine.on);
  if (table.read("quarantine_crashes", policy.quarantine.crashes_max) &&
      (policy.quarantine.crashes_max == 0 || policy.quarantine.crashes_max > 100)) {
    table.error("quarantine_crashes", "quarantine_crashes must be between 1 and 100");
  }
  if (table.read_duration("quarantine_window", policy.quarantine.window_ms) &&
      policy.quarantine.window_ms < 1000) {
    table.error("quarantine_window", "quarantine_window must be at least 1s");
  }
  TableReader all = table.table("settings");
  if (all.present()) {
    for (const Part& part : all.others()) {
      const std::string id(view(part.entry->key));
      if (part.value->type != NX_TABLE) {
        table.error("settings", "[plugins.settings.\"" + id + "\"] must be a table");
        continue;
      }
      TableReader one(all.diagnostics(), {part}, "[plugins.settings.\"" + id + "\"]");
      policy.settings[id] = read_settings(one);
    }
  }
  table.done();
}

}  // namespace narthex::config
