// SPDX-License-Identifier: Apache-2.0
// log.hpp - structured log lines on stderr: logfmt as Prometheus 3 writes it, or JSON. spdlog lives
// behind this header only. Thread-safe. A call site that repeats itself is limited to 10 lines in
// 10 seconds; the next line that passes carries `suppressed=N`.
#pragma once

#include <narthex/sdk/number.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace narthex::telemetry {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

struct LogOptions {
  Level level = Level::kInfo;
  LogFormat format = LogFormat::kLogfmt;
};

// A value of a field, as text. Numbers and booleans convert themselves.
class FieldValue {
 public:
  FieldValue(std::string_view text) : text_(text) {}    // NOLINT
  FieldValue(const std::string& text) : text_(text) {}  // NOLINT
  FieldValue(const char* text) : text_(text) {}         // NOLINT
  template <class N>
  requires std::is_arithmetic_v<N> FieldValue(N number) : bare_(true) {  // NOLINT
    if constexpr (std::is_same_v<N, bool>) {
      text_ = number ? "true" : "false";
    } else if constexpr (std::is_floating_point_v<N>) {
      sdk::append_number(text_, number);
      bare_ = number - number == 0;  // JSON has no NaN and no infinity
    } else {
      text_ = std::to_string(number);
    }
  }
  std::string_view text() const { return text_; }
  // Written without quotes in JSON.
  bool bare() const { return bare_; }

 private:
  std::string text_;
  bool bare_ = false;
};
using Field = std::pair<std::string_view, FieldValue>;
using Fields = std::initializer_list<Field>;

// A logger with a component name; copyable, cheap. The default one writes info and above, logfmt.
class Log {
 public:
  Log() = default;
  explicit Log(std::string component) : component_(std::move(component)) {}
  Log child(std::string component) const { return Log(std::move(component)); }

  void debug(std::string_view text, Fields fields = {}) const {
    write(Level::kDebug, text, fields);
  }
  void info(std::string_view text, Fields fields = {}) const { write(Level::kInfo, text, fields); }
  void warn(std::string_view text, Fields fields = {}) const { write(Level::kWarn, text, fields); }
  void error(std::string_view text, Fields fields = {}) const {
    write(Level::kError, text, fields);
  }
  void write(Level level, std::string_view text, std::span<const Field> fields) const;
  void write(Level level, std::string_view text, Fields fields) const {
    write(level, text, std::span<const Field>(fields.begin(), fields.size()));
  }

 private:
  std::string component_;
};

// Sets level and format for the whole process. Call it early; loggers made before follow.
void configure_log(const LogOptions& options);
// Receives every line that passes the level instead of stderr; nullptr restores stderr. For tests.
void capture_log(std::string* lines);
// A copy of what was captured so far; empty while nothing captures. Other threads may log
// meanwhile.
std::string captured_log();

}  // namespace narthex::telemetry
