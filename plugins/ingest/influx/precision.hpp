// SPDX-License-Identifier: Apache-2.0
// precision.hpp - the unit of timestamps in a request, and how they become milliseconds. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace narthex::ingest::influx {

// One timestamp is `multiply / divide` milliseconds; multiply 0: the unit follows from its size.
struct Precision {
  std::int64_t multiply = 0;
  std::int64_t divide = 1;
};

// Nothing when there is no such unit. Empty and "auto": from its size.
inline std::optional<Precision> parse_precision(std::string_view text) {
  if (text.empty() || text == "auto") return Precision();
  if (text == "ns" || text == "n") return Precision{1, 1'000'000};
  if (text == "us" || text == "u" || text == "µ") return Precision{1, 1'000};
  if (text == "ms") return Precision{1, 1};
  if (text == "s") return Precision{1'000, 1};
  if (text == "m") return Precision{60'000, 1};
  if (text == "h") return Precision{3'600'000, 1};
  return std::nullopt;
}

// Timestamps of 2106 and later in one unit are earlier ones in the next finer unit; that is what
// VictoriaMetrics takes, too.
inline Precision guess_precision(std::int64_t timestamp) {
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 32;
  if (timestamp >= kSecondsMax * 1'000'000) return {1, 1'000'000};
  if (timestamp >= kSecondsMax * 1'000) return {1, 1'000};
  if (timestamp >= kSecondsMax) return {1, 1};
  return {1'000, 1};
}

// Nothing when the result is no 64-bit number.
inline std::optional<std::int64_t> to_ms(std::int64_t timestamp, Precision precision) {
  if (precision.multiply == 0) precision = guess_precision(timestamp);
  std::int64_t ms = 0;
  if (__builtin_mul_overflow(timestamp, precision.multiply, &ms)) return std::nullopt;
  return ms / precision.divide;
}

}  // namespace narthex::ingest::influx
