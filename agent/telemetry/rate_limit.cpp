// SPDX-License-Identifier: Apache-2.0
#include "telemetry/rate_limit.hpp"

#include <utility>

namespace narthex::telemetry {

std::optional<std::uint64_t> RateLimit::admit(std::string_view kind, std::int64_t mono_ms) {
  if (windows_.size() >= kKindsMax) forget_old(mono_ms);
  const auto [at, is_new] = windows_.try_emplace(std::string(kind), Window{mono_ms, 0, 0});
  Window& window = at->second;
  if (mono_ms - window.begin_ms >= kWindowMs) {
    window.begin_ms = mono_ms;
    window.lines = 0;
  }
  if (window.lines >= kLinesMax) {
    ++window.suppressed;
    return std::nullopt;
  }
  ++window.lines;
  return std::exchange(window.suppressed, 0);
}

// Texts are meant to be constants of the program; where they are not, old ones make room.
void RateLimit::forget_old(std::int64_t mono_ms) {
  std::erase_if(windows_,
                [&](const auto& entry) { return mono_ms - entry.second.begin_ms >= kWindowMs; });
  if (windows_.size() >= kKindsMax) windows_.clear();
}

}  // namespace narthex::telemetry
