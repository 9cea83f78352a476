// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_line.hpp"

#include <narthex/sdk/json.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace narthex::telemetry {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"DEBUG", "INFO", "WARN", "ERROR"};

// RFC 3339 in UTC with milliseconds: 2026-11-24T10:00:00.123Z.
void append_time(std::string& out, std::int64_t t_ms) {
  const std::time_t seconds = static_cast<std::time_t>(t_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    static_cast<int>(t_ms % 1000));
  out.append(text, static_cast<std::size_t>(size));
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c == '=' || c == '"' || c == 0x7f) return false;  // bytes >= 0x80 are negative
  }
  return true;
}

// The quoting of Go's strconv, as Prometheus's lines have it.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t size = sdk::utf8_character_size(text.substr(at));
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (size == 0 || (size == 1 && (c < ' ' || c == 0x7f))) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", c & 0xff);
      out += escape;
    } else {
      out += text.substr(at, size);
    }
    at += size == 0 ? 1 : size;
  }
  out += '"';
}

class LogfmtWriter {
 public:
  explicit LogfmtWriter(std::string& out) : out_(out) {}
  void begin(std::int64_t t_ms) { append_time(out_ += "time=", t_ms); }
  void field(std::string_view key, std::string_view value, bool) {
    ((out_ += ' ') += key) += '=';
    if (is_plain(value)) {
      out_ += value;
    } else {
      append_quoted(out_, value);
    }
  }
  void end() {}

 private:
  std::string& out_;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  void begin(std::int64_t t_ms) {
    append_time(out_ += "{\"time\":\"", t_ms);
    out_ += '"';
  }
  void field(std::string_view key, std::string_view value, bool bare) {
    out_ += ',';
    sdk::append_json_text(out_, key);
    out_ += ':';
    if (bare) {
      out_ += value;
    } else {
      sdk::append_json_text(out_, value);
    }
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
};

template <class Writer>
void write(Writer writer, const LogRecord& record) {
  writer.begin(record.t_ms);
  writer.field("level", kLevelNames[static_cast<std::size_t>(record.level)], false);
  if (!record.component.empty()) writer.field("component", record.component, false);
  writer.field("msg", record.text, false);
  for (const auto& [key, value] : record.fields) writer.field(key, value.text(), value.bare());
  if (record.suppressed != 0) writer.field("suppressed", std::to_string(record.suppressed), true);
  writer.end();
}

}  // namespace

void append_log_line(std::string& out, LogFormat format, const LogRecord& record) {
  if (format == LogFormat::kJson) {
    write(JsonWriter(out), record);
  } else {
    write(LogfmtWriter(out), record);
  }
}

}  // namespace narthex::telemetry
