// SPDX-License-Identifier: Apache-2.0
#include "host/view_json.hpp"

#include "host/utf8.hpp"

#include <array>
#include <concepts>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace narthex::host {
namespace {

// Appends JSON; puts the commas itself.
class Writer {
 public:
  void open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void key(std::string_view name) {
    separate();
    quoted(name);
    text_ += ':';
    first_ = true;  // no comma before the value
  }
  void string(std::string_view value) {
    separate();
    quoted(as_utf8(value));
  }
  void raw(std::string_view json) {
    separate();
    text_ += json;
  }
  template <std::integral T>
  void number(T value) {
    raw(std::to_string(value));
  }
  void number(double value) {
    std::array<char, 32> digits{};
    const int size = std::snprintf(digits.data(), digits.size(), "%.6g", value);
    raw(std::string_view(digits.data(), static_cast<std::size_t>(size)));
  }
  void field(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void field(std::string_view name, T value) {
    key(name);
    number(value);
  }
  void strings(std::string_view name, const std::vector<std::string>& list) {
    key(name);
    open('[');
    for (const std::string& item : list) string(item);
    close(']');
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void quoted(std::string_view value) {
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        (text_ += '\\') += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
        text_ += escape.data();
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  std::string text_;
  bool first_ = true;
};

std::string iso_time(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return std::string(text.data(), size);
}

void write_component(Writer& w, const ComponentView& c) {
  w.open('{');
  w.field("name", c.name);
  w.field("summary", c.summary);
  w.strings("interfaces", c.interfaces);
  w.strings("unknown_interfaces", c.unknown_interfaces);
  w.strings("needs", c.needs);
  w.close('}');
}

void write_library(Writer& w, const LibraryView& l) {
  w.open('{');
  w.field("id", l.id);
  w.field("version", l.version);
  w.field("file", l.file);
  w.field("build_id", l.build_id);
  w.field("abi_minor", l.abi_minor);
  w.field("license", l.license);
  w.field("vendor", l.vendor);
  w.field("url", l.url);
  w.field("summary", l.summary);
  w.field("isolation", l.isolation);
  if (!l.warning.empty()) w.field("warning", l.warning);
  w.key("components");
  w.open('[');
  for (const ComponentView& c : l.components) write_component(w, c);
  w.close(']');
  w.close('}');
}

void write_call(Writer& w, const CallView& c) {
  w.key(c.entry);
  w.open('{');
  w.field("count", c.count);
  w.field("errors", c.errors);
  w.field("exceptions", c.exceptions);
  w.field("deadline_misses", c.deadline_misses);
  w.field("p50_ms", c.p50_ms);
  w.field("p99_ms", c.p99_ms);
  w.field("max_ms", c.max_ms);
  if (!c.last_error.empty()) w.field("last_error", c.last_error);
  w.close('}');
}

void write_instance(Writer& w, const InstanceView& i) {
  w.open('{');
  w.field("name", i.name);
  w.field("component", i.component);
  w.field("state", i.state);
  w.field("health", i.health);
  w.field("reason", i.reason);
  w.field("since", iso_time(i.since_ms));
  w.field("generation", i.generation);
  w.field("restarts", i.restarts);
  w.field("crashes", i.crashes);
  w.field("breaker", i.breaker);
  w.field("isolation", i.isolation);
  if (i.process != 0) w.field("process", i.process);
  w.key("config");
  w.raw(i.config_json.empty() ? "{}" : i.config_json);
  w.key("calls");
  w.open('{');
  for (const CallView& c : i.calls) write_call(w, c);
  w.close('}');
  w.key("buffers");
  w.open('{');
  w.field("outstanding", i.buffers);
  w.field("bytes", i.buffer_bytes);
  w.close('}');
  w.close('}');
}

void write_crash(Writer& w, const CrashView& crash) {
  w.open('{');
  w.field("time", iso_time(crash.time_ms));
  w.field("plugin", crash.plugin);
  w.field("instance", crash.instance);
  w.field("text", crash.text);
  w.field("stack", crash.stack);
  w.field("build_id", crash.build_id);
  w.field("process", crash.isolated ? "plugin-host" : "agent");
  w.close('}');
}

}  // namespace

std::string to_json(const HostView& view) {
  Writer w;
  w.open('{');
  w.key("abi");
  w.open('{');
  w.field("major", view.abi_major);
  w.field("minor", view.abi_minor);
  w.close('}');
  w.key("libraries");
  w.open('[');
  for (const LibraryView& library : view.libraries) write_library(w, library);
  w.close(']');
  w.key("instances");
  w.open('[');
  for (const InstanceView& instance : view.instances) write_instance(w, instance);
  w.close(']');
  w.key("quarantined");
  w.open('[');
  for (const QuarantineView& out : view.quarantined) {
    w.open('{');
    w.field("plugin", out.plugin);
    w.field("reason", out.reason);
    w.field("since", iso_time(out.since_ms));
    w.close('}');
  }
  w.close(']');
  w.key("crashes");
  w.open('[');
  for (const CrashView& crash : view.crashes) write_crash(w, crash);
  w.close(']');
  w.key("rejected");
  w.open('[');
  for (const RejectedView& rejected : view.rejected) {
    w.open('{');
    w.field("file", rejected.file);
    w.field("reason", rejected.reason);
    w.close('}');
  }
  w.close(']');
  w.close('}');
  return w.take();
}

}  // namespace narthex::host
