// SPDX-License-Identifier: Apache-2.0
// status.cpp - what the agent says of itself under /api/v1/status.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/build_info.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/routes.hpp"
#include "api/value_json.hpp"
#include "host/plugin_host.hpp"
#include "host/view_json.hpp"
#include "runtime/executor.hpp"
#include "store/store.hpp"

#include <charconv>
#include <filesystem>
#include <thread>
#include <unistd.h>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

Response config_yaml(const AgentStatus& status) {
  JsonWriter json;
  json.begin_object()
      .field("yaml", std::string_view(status.config()->prometheus_yaml))
      .end_object();
  return success(json.text());
}

Response flags(const AgentStatus& status) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : status.config()->flags)
    json.field(name, std::string_view(value));
  json.end_object();
  return success(json.text());
}

// A backend without a log has nothing to replay.
Response wal_replay(const AgentStatus& status) {
  const ReplayStatus replay = status.replay();
  JsonWriter json;
  json.begin_object()
      .field("min", replay.min)
      .field("max", replay.max)
      .field("current", replay.current)
      .end_object();
  return success(json.text());
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string working_directory() {
  std::error_code failed;
  return std::filesystem::current_path(failed).string();
}

std::string retention_text(const store::RetentionOptions& retention) {
  std::string text;
  if (retention.max_age_ms > 0) text = document::format_duration_ms(retention.max_age_ms);
  if (retention.max_bytes > 0) {
    if (!text.empty()) text += " or ";
    text += std::to_string(retention.max_bytes) + "B";
  }
  return text;
}

// The keys that describe Go's runtime have no counterpart here; they keep their types, so that
// clients that decode them strictly go on working.
Response runtime_info(const Services& s) {
  const AgentStatus& status = s.status;
  std::int64_t corruptions = 0;
  // A backend without statistics tells of none.
  (void)s.store.stats(
      0, [&](sdk::Value stats) { corruptions = stats["log_damages"].get<std::int64_t>(0); });
  JsonWriter json;
  json.begin_object()
      .field("startTime", std::string_view(rfc3339(status.started_ms())))
      .field("CWD", std::string_view(working_directory()))
      .field("hostname", std::string_view(host_name()))
      .field("serverTime", std::string_view(rfc3339(s.executor.clock().now_ms())))
      .field("reloadConfigSuccess", status.last_reload_ok())
      .field("lastConfigTime", std::string_view(rfc3339(status.last_reload_ms() / 1000 * 1000)))
      .field("corruptionCount", corruptions)
      .field("goroutineCount", std::int64_t{0})
      .field("GOMAXPROCS", static_cast<std::int64_t>(std::thread::hardware_concurrency()))
      .field("GOMEMLIMIT", std::int64_t{0})
      .field("GOGC", "")
      .field("GODEBUG", "")
      .field("storageRetention",
             std::string_view(retention_text(status.config()->storage.retention)))
      .end_object();
  return success(json.text());
}

Response tsdb(const store::Store& store, const Request& request) {
  std::int64_t limit = 10;
  const std::string_view text = request.value("limit");
  if (!text.empty()) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (failed != std::errc() || end != text.data() + text.size() || limit < 1) {
      return error(ErrorType::kBadData, "limit must be a positive number");
    }
    if (limit > 10'000) return error(ErrorType::kBadData, "limit must not exceed 10000");
  }
  std::string data;
  const Status told = store.stats(static_cast<std::uint32_t>(limit), [&](sdk::Value value) {
    JsonWriter json;
    json.begin_object();
    for (const std::string_view key :
         {"headStats", "seriesCountByMetricName", "labelValueCountByLabelName",
          "memoryInBytesByLabelName", "seriesCountByLabelValuePair"}) {
      json.key(key);
      write_value(json, value[key]);
    }
    json.end_object();
    data = json.take();
  });
  return told.ok() ? success(data) : error(told);
}

}  // namespace

Status mount_status(const Services& s) {
  const AgentStatus& status = s.status;
  const auto get = [&](std::string_view name, bool before_ready, net::Handler handler) {
    return add_route(s, "/api/v1/status/" + std::string(name), {.before_ready = before_ready},
                     std::move(handler));
  };
  Status added = get("config", false, [&status](const Request&) { return config_yaml(status); });
  if (added.ok()) added = get("flags", false, [&status](const Request&) { return flags(status); });
  if (added.ok())
    added = get("runtimeinfo", false, [s](const Request&) { return runtime_info(s); });
  if (added.ok()) {
    added = get("buildinfo", false,
                [&status](const Request&) { return success(build_info_json(status.version())); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/status/tsdb", {.stored = true},
                      [&store = s.store](const Request& r) { return tsdb(store, r); });
  }
  if (added.ok()) {
    added = get("walreplay", true, [&status](const Request&) { return wal_replay(status); });
  }
  if (added.ok()) {
    added = get("plugins", false, [&plugins = s.plugins](const Request&) {
      return success(host::to_json(plugins.view()));
    });
  }
  return added;
}

}  // namespace narthex::api
