// SPDX-License-Identifier: Apache-2.0
// instance_view.cpp - what an instance shows of itself: to the status page, the bus and the log.
#include "host/plugin_instance.hpp"

#include "bus/bus.hpp"
#include "host/utf8.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace narthex::host {
namespace {

const char* health_name(std::int32_t health) {
  switch (health) {
    case NX_HEALTH_OK:
      return "ok";
    case NX_HEALTH_DEGRADED:
      return "degraded";
    default:
      return "failed";
  }
}

std::string field_text(const nx_value& value) {
  if ((value.flags & NX_VALUE_SECRET) != 0) return "<secret>";
  switch (value.type) {
    case NX_STRING:
      return as_utf8(sdk::Value(&value).get<std::string_view>());
    case NX_BOOL:
      return value.u.i != 0 ? "true" : "false";
    case NX_INT:
    case NX_TIME:
      return std::to_string(value.u.i);
    case NX_FLOAT: {
      std::array<char, 32> text{};
      const int size = std::snprintf(text.data(), text.size(), "%.17g", value.u.f);
      return std::string(text.data(), static_cast<std::size_t>(size));
    }
    default:
      return "...";
  }
}

telemetry::Level log_level(std::int32_t level) {
  switch (level) {
    case NX_LOG_DEBUG:
      return telemetry::Level::kDebug;
    case NX_LOG_WARN:
      return telemetry::Level::kWarn;
    case NX_LOG_ERROR:
      return telemetry::Level::kError;
    default:
      return telemetry::Level::kInfo;
  }
}

CallView call_view(const CallStats& stats) {
  CallView v;
  v.entry = stats.entry;
  v.count = stats.calls();
  v.errors = stats.errors.load();
  v.exceptions = stats.exceptions.load();
  v.deadline_misses = stats.deadline_misses.load();
  v.p50_ms = stats.quantile_ms(0.5);
  v.p99_ms = stats.quantile_ms(0.99);
  v.max_ms = static_cast<double>(stats.max_ns.load()) / 1e6;
  v.last_error = stats.last_error();
  return v;
}

}  // namespace

PluginInstance::Standing PluginInstance::standing() const {
  static constexpr std::array<const char*, 4> kNames = {"created", "running", "stopped", "failed"};
  const std::string off = breaker_.reason();
  const bool hangs = hung_.load() != 0;
  const std::lock_guard lock(mutex_);
  Standing s;
  s.state = hangs ? "failed" : kNames[static_cast<std::size_t>(state_)];
  const bool failed = hangs || !off.empty() || state_ == State::kFailed;
  s.health = failed ? "failed" : health_name(health_);
  s.reason = !off.empty() ? off : !state_reason_.empty() ? state_reason_ : health_reason_;
  return s;
}

void PluginInstance::announce() const {
  const Standing now = standing();
  context_->services.bus.publish("plugin.state", name(),
                                 {{"instance", bus::text_value(name())},
                                  {"plugin", bus::text_value(plugin_id())},
                                  {"component", bus::text_value(component_name_)},
                                  {"state", bus::text_value(now.state)},
                                  {"health", bus::text_value(now.health)},
                                  {"reason", bus::text_value(now.reason)}},
                                 true, "instance");
}

std::vector<std::shared_ptr<const CallStats>> PluginInstance::stats() const {
  const std::lock_guard lock(mutex_);
  return {stats_.begin(), stats_.end()};
}

InstanceView PluginInstance::view() const {
  const Standing now = standing();
  InstanceView v;
  v.name = name();
  v.isolation = library().isolated() ? "process" : "none";
  v.component = plugin_id() + '/' + component_name_;
  v.state = now.state;
  v.health = now.health;
  v.reason = now.reason;
  v.breaker = breaker_.open() ? "open" : "closed";
  v.config_json = parts_.config != nullptr ? bus::to_json(parts_.config->root) : "{}";
  v.buffers = buffers_->count.load();
  v.buffer_bytes = buffers_->bytes.load();
  for (const auto& stats : stats()) {
    if (stats->calls() != 0) v.calls.push_back(call_view(*stats));
  }
  v.crashes = context_->crashes.count(plugin_id());
  const std::lock_guard lock(mutex_);
  v.since_ms = since_ms_;
  v.generation = generation_;
  v.restarts = restarts_;
  v.process = process_.load();
  return v;
}

void PluginInstance::log(std::int32_t level, std::string_view text, std::span<const nx_kv> fields) {
  if (!log_rate_.take(context_->clock.mono_ns())) return;
  std::vector<std::pair<std::string, std::string>> texts;
  texts.emplace_back("instance", name());
  for (const nx_kv& field : fields.first(std::min<std::size_t>(fields.size(), 32))) {
    texts.emplace_back(as_utf8(::narthex::view(field.key)), field_text(field.value));
  }
  if (const std::uint64_t lost = log_rate_.refused(); lost != 0) {
    texts.emplace_back("lost_lines", std::to_string(lost));
  }
  std::vector<telemetry::Field> list;
  for (const auto& [key, content] : texts) list.emplace_back(key, content);
  const telemetry::Log logger(plugin_id());
  logger.write(log_level(level), as_utf8(text), std::span<const telemetry::Field>(list));
}

nx_status PluginInstance::config_error(const nx_value* where, std::string_view text,
                                       nx_error* err) const {
  const ConfigTree* tree = checked_ != nullptr ? checked_ : parts_.config.get();
  std::string message(text);
  if (tree != nullptr) {
    const document::Finding finding = tree->finding(where, std::string(text));
    message = finding.place.file;
    if (finding.place.line != 0) {
      message +=
          ':' + std::to_string(finding.place.line) + ':' + std::to_string(finding.place.column);
    }
    message += ": " + std::string(text);
  }
  return sdk::fail(err, NX_ERR_INVALID_CONFIG, as_utf8(message));
}

}  // namespace narthex::host
