// SPDX-License-Identifier: Apache-2.0
// rate_limit.hpp - keeps a message that repeats itself from filling the log: 10 of a kind in 10
// seconds, the rest is counted. Not thread-safe; its memory is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace narthex::telemetry {

class RateLimit {
 public:
  static constexpr int kLinesMax = 10;
  static constexpr std::int64_t kWindowMs = 10'000;
  static constexpr std::size_t kKindsMax = 1024;

  // Whether a line of this kind may be written now: then the number of lines of its kind that were
  // held back since the last one that passed.
  std::optional<std::uint64_t> admit(std::string_view kind, std::int64_t mono_ms);

 private:
  struct Window {
    std::int64_t begin_ms = 0;
    int lines = 0;
    std::uint64_t suppressed = 0;
  };

  void forget_old(std::int64_t mono_ms);

  std::unordered_map<std::string, Window> windows_;
};

}  // namespace narthex::telemetry
