// SPDX-License-Identifier: Apache-2.0
#include "config/flags.hpp"

#include "document/document.hpp"

#include <charconv>

namespace narthex::config {

namespace {

using enum FlagKind;
using enum FlagUse;

constexpr Flag kFlags[] = {
    // Ours.
    {"config", "", kText, kOurs, "Configuration file: prometheus.yml or TOML."},
    {"data", "data", kText, kOurs, "Data directory."},
    {"listen", "127.0.0.1:9090", kText, kOurs, "Address and port to listen on."},
    {"plugin-dir", "", kList, kOurs, "Folder with plugins; searched before the built-in one."},
    {"query.log-slower-than", "0s", kDuration, kOurs,
     "Queries that take longer are logged; 0: none."},
    {"query.max-memory", "0B", kBytes, kOurs,
     "Memory one query may hold; 0: an eighth of what there is."},
    {"query.max-memory-all", "0B", kBytes, kOurs,
     "Memory all queries may hold together; 0: a fifth."},
    {"storage.backend", "tsdb", kText, kOurs, "Storage plugin."},
    {"storage.fsync", "interval", kText, kOurs,
     "When writes reach the disk: always, interval, never."},
    // Prometheus's.
    {"agent", "false", kBool, kWorks, "Agent mode: scrape and send on, store nothing."},
    {"alertmanager.drain-notification-queue-on-shutdown", "true", kBool, kIgnored,
     "Send what is queued before stopping."},
    {"alertmanager.notification-batch-size", "256", kCount, kIgnored, "Alerts per request."},
    {"alertmanager.notification-queue-capacity", "10000", kCount, kIgnored, "Alerts queued."},
    {"auto-gomaxprocs", "true", kBool, kSilent, "Follow the CPU quota of the container."},
    {"auto-gomemlimit", "true", kBool, kSilent, "Follow the memory limit of the container."},
    {"auto-gomemlimit.ratio", "0.9", kNumber, kSilent, "Share of that limit."},
    {"config.auto-reload-interval", "30s", kDuration, kIgnored, "How often the file is looked at."},
    {"config.file", "prometheus.yml", kText, kWorks, "Configuration file, as --config."},
    {"enable-feature", "", kList, kWorks, "Feature names, comma separated."},
    {"log.format", "logfmt", kText, kWorks, "Format of log lines: logfmt or json."},
    {"log.level", "info", kText, kWorks, "Lowest severity logged: debug, info, warn, error."},
    {"query.lookback-delta", "5m", kDuration, kWorks,
     "How far back an instant looks for a sample."},
    {"query.max-concurrency", "20", kCount, kWorks, "Queries at once."},
    {"query.max-samples", "50000000", kCount, kWorks, "Samples one query may hold."},
    {"query.timeout", "2m", kDuration, kWorks, "Time one query may take."},
    {"rules.alert.for-grace-period", "10m", kDuration, kIgnored,
     "Grace period of restored alerts."},
    {"rules.alert.for-outage-tolerance", "1h", kDuration, kIgnored, "Outage that alerts survive."},
    {"rules.alert.resend-delay", "1m", kDuration, kIgnored, "Wait before an alert is sent again."},
    {"rules.max-concurrent-evals", "4", kCount, kIgnored, "Rules evaluated at once."},
    {"scrape.adjust-timestamps", "true", kBool, kSilent, "Align scrape timestamps."},
    {"scrape.discovery-reload-interval", "5s", kDuration, kSilent, "Wait between target updates."},
    {"scrape.timestamp-tolerance", "2ms", kDuration, kSilent, "Tolerance of that alignment."},
    {"storage.agent.no-lockfile", "false", kBool, kIgnored, "The data directory is always locked."},
    {"storage.agent.path", "data-agent/", kText, kWorks,
     "Data directory in agent mode, as --data."},
    {"storage.agent.retention.max-time", "0s", kDuration, kWorks,
     "Agent mode: how long samples wait for being sent; 0: as long as there is room."},
    {"storage.agent.retention.min-time", "0s", kDuration, kSilent,
     "Samples are kept until they are sent."},
    {"storage.agent.wal-compression", "true", kBool, kSilent, "Compression of the log."},
    {"storage.agent.wal-compression-type", "snappy", kText, kSilent, "Kind of that compression."},
    {"storage.agent.wal-segment-size", "0B", kBytes, kWorks,
     "Agent mode: size of files of the log; 0: 16MB."},
    {"storage.agent.wal-truncate-frequency", "0s", kDuration, kSilent,
     "The log is cut as samples are sent."},
    {"storage.remote.flush-deadline", "1m", kDuration, kSilent, "Time to flush remote writes."},
    {"storage.remote.read-concurrent-limit", "10", kCount, kWorks, "Remote reads at once."},
    {"storage.remote.read-max-bytes-in-frame", "1048576", kCount, kWorks, "Size of read frames."},
    {"storage.remote.read-sample-limit", "50000000", kNumber, kWorks,
     "Samples a remote read returns."},
    {"storage.tsdb.allow-overlapping-compaction", "true", kBool, kSilent,
     "Overlap is normal here."},
    {"storage.tsdb.delayed-compaction.max-percent", "10", kCount, kSilent, "Delay of compaction."},
    {"storage.tsdb.head-chunks-write-queue-size", "0", kCount, kSilent, "Queue of the head."},
    {"storage.tsdb.max-block-chunk-segment-size", "0B", kBytes, kSilent, "Size of chunk files."},
    {"storage.tsdb.max-block-duration", "", kDuration, kSilent, "Longest block."},
    {"storage.tsdb.min-block-duration", "2h", kDuration, kSilent, "Shortest block."},
    {"storage.tsdb.no-lockfile", "false", kBool, kIgnored, "The data directory is always locked."},
    {"storage.tsdb.path", "data/", kText, kWorks, "Data directory, as --data."},
    {"storage.tsdb.retention.size", "0B", kBytes, kWorks, "Bytes kept."},
    {"storage.tsdb.retention.time", "15d", kDuration, kWorks, "How long samples are kept."},
    {"storage.tsdb.samples-per-chunk", "120", kCount, kSilent, "Samples a chunk."},
    {"storage.tsdb.wal-compression", "true", kBool, kSilent, "Compression of the log."},
    {"storage.tsdb.wal-compression-type", "snappy", kText, kSilent, "Kind of that compression."},
    {"storage.tsdb.wal-segment-size", "0B", kBytes, kSilent, "Size of log files."},
    {"web.config.file", "", kText, kWorks, "TLS and authentication of the server."},
    {"web.console.libraries", "console_libraries", kText, kIgnored, "Console libraries."},
    {"web.console.templates", "consoles", kText, kIgnored, "Console templates."},
    {"web.cors.origin", ".*", kText, kWorks, "Regex of origins that browsers may ask from."},
    {"web.enable-admin-api", "false", kBool, kWorks, "Admin endpoints."},
    {"web.enable-lifecycle", "false", kBool, kWorks, "Reload and quit over HTTP."},
    {"web.enable-otlp-receiver", "false", kBool, kWorks, "OTLP receiver."},
    {"web.enable-remote-write-receiver", "false", kBool, kWorks, "Remote write receiver."},
    {"web.external-url", "", kText, kWorks, "The URL that others reach this server at."},
    {"web.listen-address", "0.0.0.0:9090", kList, kWorks,
     "Address and port to listen on, as --listen."},
    {"web.max-connections", "512", kCount, kWorks, "Connections at once (here 4096 unless given)."},
    {"web.max-notifications-subscribers", "16", kCount, kSilent, "Subscribers of notifications."},
    {"web.page-title", "Prometheus Time Series Collection and Processing Server", kText, kWorks,
     "Title of the pages."},
    {"web.read-timeout", "5m", kDuration, kWorks, "When idle connections are closed."},
    {"web.remote-write-receiver.accepted-protobuf-messages",
     "prometheus.WriteRequest,io.prometheus.write.v2.Request", kList, kWorks,
     "Messages the receiver takes."},
    {"web.route-prefix", "", kText, kWorks,
     "Prefix of all routes; default: the path of the external URL."},
    {"web.local-assets", "", kText, kIgnored, "Folder of the pages (Debian's builds)."},
    {"web.user-assets", "", kText, kIgnored, "Folder served at /user."},
};

Status bad(const Flag& flag, std::string_view value, const std::string& why) {
  return invalid_argument("--" + std::string(flag.name) + "=" + std::string(value) + ": " + why);
}

bool is_number(std::string_view text, bool whole) {
  double number = 0;
  std::uint64_t count = 0;
  const char* last = text.data() + text.size();
  const auto parsed = whole ? std::from_chars(text.data(), last, count)
                            : std::from_chars(text.data(), last, number);
  return parsed.ec == std::errc() && parsed.ptr == last;
}

Status check_choice(const Flag& flag, std::string_view value,
                    std::initializer_list<std::string_view> choices) {
  std::string all;
  for (const std::string_view choice : choices) {
    if (value == choice) return {};
    all += (all.empty() ? "" : ", ") + std::string(choice);
  }
  return bad(flag, value, "must be one of " + all);
}

}  // namespace

std::span<const Flag> known_flags() { return kFlags; }

const Flag* find_flag(std::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

Status check_flag(const Flag& flag, std::string_view value) {
  if (flag.name == "log.level")
    return check_choice(flag, value, {"debug", "info", "warn", "error"});
  if (flag.name == "log.format") return check_choice(flag, value, {"logfmt", "json"});
  if (flag.name == "storage.fsync") {
    return check_choice(flag, value, {"always", "interval", "never"});
  }
  switch (flag.kind) {
    case kBool:
      return check_choice(flag, value, {"true", "false"});
    case kDuration: {
      const auto parsed = document::parse_duration_ms(value);
      return parsed.ok() ? Status() : bad(flag, value, parsed.status().message());
    }
    case kBytes: {
      const auto parsed = document::parse_bytes(value);
      return parsed.ok() ? Status() : bad(flag, value, parsed.status().message());
    }
    case kCount:
      return is_number(value, true) ? Status() : bad(flag, value, "not a whole number");
    case kNumber:
      return is_number(value, false) ? Status() : bad(flag, value, "not a number");
    default:
      return {};
  }
}

std::map<std::string, std::string, std::less<>> flag_values(
    const std::vector<std::pair<std::string, std::string>>& given) {
  std::map<std::string, std::string, std::less<>> values;
  for (const auto& [name, value] : given) {
    const Flag* flag = find_flag(name);
    const auto found = values.find(name);
    if (flag != nullptr && flag->kind == kList && found != values.end()) {
      found->second += ',' + value;
    } else {
      values[name] = value;
    }
  }
  return values;
}

}  // namespace narthex::config
