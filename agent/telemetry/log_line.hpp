// SPDX-License-Identifier: Apache-2.0
// log_line.hpp - the text of one log line, logfmt or JSON. Pure.
#pragma once

#include "telemetry/log.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::telemetry {

struct LogRecord {
  std::int64_t t_ms = 0;
  Level level = Level::kInfo;
  std::string_view component;  // empty: none
  std::string_view text;
  std::span<const Field> fields;
  std::uint64_t suppressed = 0;
};

// Appends the line without a line break. Whatever the values hold, it is one line.
void append_log_line(std::string& out, LogFormat format, const LogRecord& record);

}  // namespace narthex::telemetry
