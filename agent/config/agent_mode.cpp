// SPDX-License-Identifier: Apache-2.0
#include "config/agent_mode.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace narthex::config {

namespace {

constexpr std::string_view kAgentFlags = "storage.agent.";
constexpr std::array<std::string_view, 19> kServerFlags = {
    "alertmanager.drain-notification-queue-on-shutdown",
    "alertmanager.notification-batch-size",
    "alertmanager.notification-queue-capacity",
    "query.lookback-delta",
    "query.max-concurrency",
    "query.max-samples",
    "query.timeout",
    "rules.alert.for-grace-period",
    "rules.alert.for-outage-tolerance",
    "rules.alert.resend-delay",
    "rules.max-concurrent-evals",
    "storage.remote.read-concurrent-limit",
    "storage.remote.read-max-bytes-in-frame",
    "storage.remote.read-sample-limit",
    "storage.tsdb.head-chunks-write-queue-size",
    "storage.tsdb.no-lockfile",
    "storage.tsdb.path",
    "storage.tsdb.retention.size",
    "storage.tsdb.retention.time"};

constexpr std::uint64_t kSegmentMin = std::uint64_t{10} << 20;
constexpr std::uint64_t kSegmentMax = std::uint64_t{256} << 20;

bool is_of_other_mode(std::string_view flag, bool agent) {
  if (!agent) return flag.starts_with(kAgentFlags);
  return std::find(kServerFlags.begin(), kServerFlags.end(), flag) != kServerFlags.end();
}

void refuse(TableReader& table, std::string_view key) {
  table.error(key, "field " + std::string(key) + " is not allowed in agent mode");
}

}  // namespace

bool read_agent_mode(TableReader& root, const FlagValues& values) {
  bool agent = false;
  root.read("agent", agent);
  const auto flag = values.find("agent");
  return flag != values.end() ? flag->second == "true" : agent;
}

void check_agent_sections(TableReader& root, const PrometheusSections& sections, bool agent) {
  if (!agent) {
    if (sections.has_agent) {
      root.error("storage", "[storage.agent] is only allowed in agent mode: --agent");
    }
    return;
  }
  if (!sections.rule_files.empty()) refuse(root, "rule_files");
  const AlertingSection& alerting = sections.alerting;
  if (!alerting.alertmanagers.empty() || !alerting.alert_relabel_configs.empty()) {
    refuse(root, "alerting");
  }
  for (const char* section : {"notifiers", "remote_read"}) {
    if (root.has(section)) refuse(root, section);
  }
}

void check_agent_flags(const FlagValues& values, bool agent, Diagnostics& diagnostics) {
  std::string others;
  for (const auto& [name, value] : values) {
    if (is_of_other_mode(name, agent)) others += (others.empty() ? "--" : ", --") + name;
  }
  if (others.empty()) return;
  diagnostics.file_error("", agent ? "these flags can not be used in agent mode: " + others
                                   : "these flags can only be used in agent mode: " + others);
}

void apply_agent_mode(Config& config, Diagnostics& diagnostics) {
  if (config.storage.backend != store::StorageOptions().backend) {
    diagnostics.file_error("", "agent mode stores nothing: it has no place for the backend \"" +
                                   config.storage.backend + '"');
  }
  config.storage.backend = "none";
  const std::uint64_t segment = config.remote_write.segment_bytes;
  if (segment != 0 && (segment < kSegmentMin || segment > kSegmentMax)) {
    diagnostics.file_error("", "--storage.agent.wal-segment-size must be between 10MB and 256MB");
  }
  if (config.remote_write.destinations.empty()) {
    diagnostics.warn("agent mode without remote_write: what is scraped goes nowhere");
  }
}

}  // namespace narthex::config
