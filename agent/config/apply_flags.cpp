// SPDX-License-Identifier: Apache-2.0
#include "config/apply_flags.hpp"

#include "config/agent_mode.hpp"
#include "config/features.hpp"
#include "config/flags.hpp"

#include <algorithm>
#include <charconv>

namespace narthex::config {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kForEverMs = 100 * 365 * kDayMs;

// Reads checked values: a bad one has been reported before.
class FlagReader {
 public:
  explicit FlagReader(const FlagValues& values) : values_(values) {}

  bool given(std::string_view name) const { return values_.contains(name); }
  bool text(std::string_view name, std::string& out) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return false;
    out = found->second;
    return true;
  }
  void flag(std::string_view name, bool& out) const {
    std::string value;
    if (text(name, value)) out = value == "true";
  }
  void duration(std::string_view name, std::int64_t& out_ms) const {
    std::string value;
    if (text(name, value)) out_ms = document::parse_duration_ms(value).value_or(0);
  }
  void bytes(std::string_view name, std::uint64_t& out) const {
    std::string value;
    if (text(name, value)) out = document::parse_bytes(value).value_or(0);
  }
  template <class N>
  void count(std::string_view name, N& out) const {
    std::string value;
    if (text(name, value)) std::from_chars(value.data(), value.data() + value.size(), out);
  }
  // Also written with an exponent, 5e7; what is below 0 or beyond all bounds means no limit.
  void number(std::string_view name, std::uint64_t& out) const {
    std::string value;
    if (!text(name, value)) return;
    double parsed = 0;
    std::from_chars(value.data(), value.data() + value.size(), parsed);
    out = parsed >= 0 && parsed < 1e18 ? static_cast<std::uint64_t>(parsed) : 0;
  }

 private:
  const FlagValues& values_;
};

void check(const FlagValues& values, Diagnostics& diagnostics) {
  for (const auto& [name, value] : values) {
    const Flag* flag = find_flag(name);
    if (flag == nullptr) {
      diagnostics.file_error("", "unknown flag --" + name);
      continue;
    }
    const Status status = check_flag(*flag, value);
    if (!status.ok()) diagnostics.file_error("", status.message());
    if (flag->use == FlagUse::kIgnored && value != flag->otherwise) {
      diagnostics.warn("--" + name + " has no meaning in this version and changes nothing");
    }
    if (flag->use == FlagUse::kRefused && value != flag->otherwise) {
      diagnostics.file_error("", "--" + name + " is not in this version");
    }
  }
}

void apply_http(const FlagReader& flags, HttpOptions& http) {
  flags.text("web.listen-address", http.server.listen);
  flags.text("listen", http.server.listen);
  flags.text("web.external-url", http.external_url);
  flags.text("web.route-prefix", http.route_prefix);
  flags.text("web.page-title", http.page_title);
  flags.text("web.config.file", http.web_config_file);
  flags.text("web.cors.origin", http.server.cors_origin);
  flags.flag("web.enable-lifecycle", http.enable_lifecycle);
  flags.flag("web.enable-admin-api", http.enable_admin_api);
  flags.flag("web.enable-remote-write-receiver", http.remote_write_receiver);
  flags.number("storage.remote.read-sample-limit", http.remote_read.samples_max);
  flags.count("storage.remote.read-concurrent-limit", http.remote_read.concurrent_max);
  flags.count("storage.remote.read-max-bytes-in-frame", http.remote_read.frame_bytes_max);
  flags.flag("web.enable-otlp-receiver", http.otlp_receiver);
  flags.duration("web.read-timeout", http.server.read_timeout_ms);
  flags.count("web.max-connections", http.server.connections_max);
}

// The messages that a receiver switched on by flag or [http] takes.
void apply_messages(const FlagReader& flags, HttpOptions& http, Diagnostics& diagnostics) {
  constexpr std::string_view kFlag = "web.remote-write-receiver.accepted-protobuf-messages";
  std::string list;
  if (!flags.text(kFlag, list)) return;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    std::string message = list.substr(at, end - at);
    at = end + 1;
    if (message != "prometheus.WriteRequest" && message != "io.prometheus.write.v2.Request") {
      diagnostics.file_error("", "--" + std::string(kFlag) +
                                     ": unknown remote write protobuf message " + message +
                                     ", supported: prometheus.WriteRequest, "
                                     "io.prometheus.write.v2.Request");
      continue;
    }
    http.remote_write_messages.push_back(std::move(message));
  }
}

void check_http(HttpOptions& http, Diagnostics& diagnostics) {
  if (http.server.listen.find(',') != std::string::npos) {
    diagnostics.file_error(
        "", "listening on more than one address is not in this version: " + http.server.listen);
  }
  const std::size_t scheme = http.external_url.find("://");
  if (!http.external_url.empty() && scheme == std::string::npos) {
    diagnostics.file_error("", "invalid external URL \"" + http.external_url +
                                   "\": it needs http:// or https:// in front");
    return;
  }
  std::string prefix = http.route_prefix;
  if (prefix.empty() && !http.external_url.empty()) {
    const std::size_t path = http.external_url.find('/', scheme + 3);
    if (path != std::string::npos) prefix = http.external_url.substr(path);
  }
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  http.route_prefix = '/' + prefix;
}

void apply_storage(const FlagReader& flags, store::StorageOptions& storage) {
  flags.text("storage.tsdb.path", storage.data_dir);
  flags.text("storage.agent.path", storage.data_dir);
  flags.text("data", storage.data_dir);
  flags.text("storage.backend", storage.backend);
  flags.text("storage.fsync", storage.fsync);
  std::int64_t age_ms = 0;
  flags.duration("storage.tsdb.retention.time", age_ms);
  flags.bytes("storage.tsdb.retention.size", storage.retention.max_bytes);
  if (age_ms != 0) {
    storage.retention.max_age_ms = age_ms;
  } else if (flags.given("storage.tsdb.retention.size") && storage.retention.max_bytes != 0) {
    storage.retention.max_age_ms = kForEverMs;  // a size alone lifts the default of 15 days
  }
}

void apply_log(const FlagReader& flags, telemetry::LogOptions& log) {
  std::string text;
  if (flags.text("log.level", text)) {
    log.level = text == "debug"   ? telemetry::Level::kDebug
                : text == "warn"  ? telemetry::Level::kWarn
                : text == "error" ? telemetry::Level::kError
                                  : telemetry::Level::kInfo;
  }
  if (flags.text("log.format", text)) {
    log.format = text == "json" ? telemetry::LogFormat::kJson : telemetry::LogFormat::kLogfmt;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

std::string truth(bool value) { return value ? "true" : "false"; }

// What is in force, under Prometheus's names.
void fill_flags(const FlagValues& values, Config& config) {
  for (const Flag& flag : known_flags()) {
    if (flag.use == FlagUse::kOurs) continue;
    const auto given = values.find(flag.name);
    config.flags[std::string(flag.name)] =
        given != values.end() ? given->second : std::string(flag.otherwise);
  }
  const std::int64_t age_ms = config.storage.retention.max_age_ms;
  const std::int64_t block_ms = std::min(age_ms / 10, 31 * kDayMs);
  auto& flags = config.flags;
  flags["config.file"] = config.file;
  flags["agent"] = truth(config.agent);
  flags[config.agent ? "storage.agent.path" : "storage.tsdb.path"] = config.storage.data_dir;
  flags["storage.tsdb.retention.time"] =
      age_ms == kForEverMs ? "0s" : document::format_duration_ms(age_ms);
  flags["storage.tsdb.retention.size"] = document::format_bytes(config.storage.retention.max_bytes);
  if (!values.contains("storage.tsdb.max-block-duration")) {
    flags["storage.tsdb.max-block-duration"] =
        document::format_duration_ms(std::max(block_ms, std::int64_t{7'200'000}));
  }
  flags["web.listen-address"] = config.http.server.listen;
  flags["web.external-url"] = config.http.external_url;
  flags["web.route-prefix"] = config.http.route_prefix;
  flags["web.config.file"] = config.http.web_config_file;
  flags["web.page-title"] = config.http.page_title;
  flags["web.cors.origin"] = config.http.server.cors_origin;
  flags["web.enable-lifecycle"] = truth(config.http.enable_lifecycle);
  flags["web.enable-admin-api"] = truth(config.http.enable_admin_api);
  flags["web.enable-remote-write-receiver"] = truth(config.http.remote_write_receiver);
  flags["web.enable-otlp-receiver"] = truth(config.http.otlp_receiver);
  flags["web.max-connections"] = std::to_string(config.http.server.connections_max);
  flags["web.read-timeout"] = document::format_duration_ms(config.http.server.read_timeout_ms);
  flags["query.timeout"] = document::format_duration_ms(config.query.timeout_ms);
  flags["query.lookback-delta"] = document::format_duration_ms(config.query.lookback_ms);
  flags["query.max-concurrency"] = std::to_string(config.query.max_concurrency);
  flags["query.max-samples"] = std::to_string(config.query.max_samples);
  flags["storage.remote.read-sample-limit"] = std::to_string(config.http.remote_read.samples_max);
  flags["storage.remote.read-concurrent-limit"] =
      std::to_string(config.http.remote_read.concurrent_max);
  flags["storage.remote.read-max-bytes-in-frame"] =
      std::to_string(config.http.remote_read.frame_bytes_max);
  flags["enable-feature"] = joined(config.features);
}

void fill_restart_only(Config& config) {
  auto& keys = config.restart_only;
  for (const char* flag :
       {"web.listen-address", "web.external-url", "web.route-prefix", "web.page-title",
        "web.cors.origin", "web.enable-lifecycle", "web.enable-admin-api",
        "web.enable-remote-write-receiver", "web.enable-otlp-receiver",
        "web.remote-write-receiver.accepted-protobuf-messages", "web.max-connections",
        "web.read-timeout", "query.timeout", "query.lookback-delta", "query.max-concurrency",
        "query.max-samples", "storage.remote.read-sample-limit",
        "storage.remote.read-concurrent-limit", "storage.remote.read-max-bytes-in-frame"}) {
    keys[flag] = config.flags[flag];
  }
  keys["query.max_memory"] = std::to_string(config.query.max_memory);
  keys["query.max_memory_all"] = std::to_string(config.query.max_memory_all);
  keys["agent"] = truth(config.agent);
  keys["storage.agent.retention.max_time"] = std::to_string(config.remote_write.max_age_ms);
  keys["storage.backend"] = config.storage.backend;
  keys["storage.path"] = config.storage.data_dir;
  keys["storage.remote"] = config.storage.remote_fingerprint;
  keys["storage.fsync"] = config.storage.fsync;
  keys["storage.memory.max_bytes"] = std::to_string(config.storage.memory_max_bytes);
  keys["storage.tsdb.head_bytes"] = std::to_string(config.storage.head_bytes);
  keys["storage.tsdb.page_cache_bytes"] = std::to_string(config.storage.page_cache_bytes);
  keys["storage.exemplars.max_exemplars"] = std::to_string(config.storage.max_exemplars);
  keys["storage.remote_write.max_bytes"] = std::to_string(config.remote_write.max_bytes);
  keys["plugins.path"] = joined(config.plugin_dirs);
}

}  // namespace

void apply_flags(const FlagValues& values, Config& config, Diagnostics& diagnostics) {
  check(values, diagnostics);
  check_agent_flags(values, config.agent, diagnostics);
  const FlagReader flags(values);
  apply_http(flags, config.http);
  apply_messages(flags, config.http, diagnostics);
  check_http(config.http, diagnostics);
  apply_storage(flags, config.storage);
  flags.duration("storage.agent.retention.max-time", config.remote_write.max_age_ms);
  flags.bytes("storage.agent.wal-segment-size", config.remote_write.segment_bytes);
  if (config.agent) apply_agent_mode(config, diagnostics);
  apply_log(flags, config.log);
  flags.duration("query.timeout", config.query.timeout_ms);
  flags.duration("query.lookback-delta", config.query.lookback_ms);
  flags.count("query.max-samples", config.query.max_samples);
  flags.bytes("query.max-memory", config.query.max_memory);
  flags.bytes("query.max-memory-all", config.query.max_memory_all);
  flags.duration("query.log-slower-than", config.query.log_slower_than_ms);
  flags.count("query.max-concurrency", config.query.max_concurrency);
  if (config.query.max_concurrency <= 0) {
    diagnostics.file_error("", "--query.max-concurrency must be above 0");
  }
  if (config.http.server.connections_max <= 0) {
    diagnostics.file_error("", "--web.max-connections must be above 0");
  }
  fill_flags(values, config);
  fill_restart_only(config);
}

}  // namespace narthex::config
