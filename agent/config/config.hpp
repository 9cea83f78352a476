// SPDX-License-Identifier: Apache-2.0
// config.hpp - the whole configuration, read and checked: TOML or prometheus.yml, conf.d, flags.
// Every other room sees only its own options. Immutable once loaded.
#pragma once

#include "config/environment.hpp"
#include "document/document.hpp"
#include "host/plugin_policy.hpp"
#include "ingest/options.hpp"
#include "net/options.hpp"
#include "remote_write/options.hpp"
#include "remote_read/options.hpp"
#include "scrape/options.hpp"
#include "store/options.hpp"
#include "telemetry/log.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::config {

struct QueryOptions {
  std::int64_t timeout_ms = 120'000;
  int max_concurrency = 20;
  std::uint64_t max_samples = 50'000'000;
  std::uint64_t max_memory = 0;      // bytes a query may hold; 0: an eighth of the memory there is
  std::uint64_t max_memory_all = 0;  // bytes all queries may hold together; 0: a fifth
  std::string log_file;              // global.query_log_file; empty: none
  std::int64_t log_slower_than_ms = 0;  // queries that go to the agent's own log; 0: none
  std::int64_t lookback_ms = 300'000;
  std::int64_t default_step_ms = 60'000;  // of subqueries: global.evaluation_interval
};

struct HttpOptions {
  net::ServerOptions server;
  std::string external_url;  // --web.external-url
  std::string route_prefix;  // --web.route-prefix
  bool remote_write_receiver = false;
  std::vector<std::string> remote_write_messages;  // that it takes; empty: all
  bool otlp_receiver = false;
  remote_read::ReadLimits remote_read;  // of POST /api/v1/read
  bool enable_lifecycle = false;
  bool enable_admin_api = false;
  std::string web_config_file;  // --web.config.file, or [http] config_file
  net::WebOptions web;          // of that file, or of [http]
  std::string page_title = "Narthex";
};

struct Config {
  std::string file;    // empty: the embedded default
  bool agent = false;  // agent mode: samples are sent on and not stored
  scrape::ScrapeOptions scrape;
  store::StorageOptions storage;
  remote_write::RemoteWriteOptions remote_write;
  std::vector<store::RemoteReadOptions> remote_reads;
  HttpOptions http;
  QueryOptions query;
  telemetry::LogOptions log;
  std::vector<ingest::ReceiverOptions> ingest;
  std::vector<std::string> plugin_dirs;  // searched in this order
  host::PluginPolicy plugins;
  std::vector<std::string> features;  // --enable-feature, known or not
  std::string otlp_options = "{}";    // of the OTLP receiver, as JSON
  std::string prometheus_yaml;        // for /api/v1/status/config: secrets are <secret>
  std::vector<document::Finding> warnings;
  // What the server must be restarted for: key -> value as text, compared over a reload.
  std::map<std::string, std::string> restart_only;
  // /api/v1/status/flags: Prometheus's flag names, values as text.
  std::map<std::string, std::string> flags;
};

// What the command line said. Keys are Prometheus's flag names without dashes
// ("web.listen-address") or ours; flags win over the file.
struct CommandLine {
  std::string config_file;  // empty: the embedded default
  std::vector<std::pair<std::string, std::string>> flags;
};

// Reads and checks everything. Null: findings has all errors. Checks of plugin options against
// their schemas are the host's; `mechanisms and ingest` are only collected here.
std::shared_ptr<const Config> load(const CommandLine& command_line,
                                   std::vector<document::Finding>& findings,
                                   const Environment& environment = process_environment);

}  // namespace narthex::config
