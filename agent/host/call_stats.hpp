// SPDX-License-Identifier: Apache-2.0
// call_stats.hpp - what is counted about one entry point of one instance: calls by duration,
// failures, and which calls are in flight. Lock-free but for the text of the last error.
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace narthex::host {

// Upper bounds of the duration buckets in ns: 1, 2, 5 times powers of ten, from 100 ns to 100 s.
inline constexpr std::array<std::int64_t, 28> kCallBoundsNs = {100,
                                                               200,
                                                               500,
                                                               1'000,
                                                               2'000,
                                                               5'000,
                                                               10'000,
                                                               20'000,
                                                               50'000,
                                                               100'000,
                                                               200'000,
                                                               500'000,
                                                               1'000'000,
                                                               2'000'000,
                                                               5'000'000,
                                                               10'000'000,
                                                               20'000'000,
                                                               50'000'000,
                                                               100'000'000,
                                                               200'000'000,
                                                               500'000'000,
                                                               1'000'000'000,
                                                               2'000'000'000,
                                                               5'000'000'000,
                                                               10'000'000'000,
                                                               20'000'000'000,
                                                               50'000'000'000,
                                                               100'000'000'000};

struct CallStats {
  explicit CallStats(std::string_view entry_name, std::int64_t deadline)
      : entry(entry_name), deadline_ms(deadline) {}

  const std::string entry;
  const std::int64_t deadline_ms;

  std::array<std::atomic<std::uint64_t>, kCallBoundsNs.size() + 1> durations{};
  std::atomic<std::int64_t> sum_ns{0};
  std::atomic<std::int64_t> max_ns{0};
  std::atomic<std::uint64_t> errors{0};      // negative statuses
  std::atomic<std::uint64_t> exceptions{0};  // not among errors
  std::atomic<std::uint64_t> deadline_misses{0};

  // When the calls in flight began (mono_ns; 0: free). Only of entries with a deadline: the
  // watchdog looks for calls that never come back. More than this many at a time are not watched.
  static constexpr std::size_t kWatchedMax = 8;
  std::array<std::atomic<std::int64_t>, kWatchedMax> begun_ns{};

  void count(std::int64_t duration_ns) noexcept;
  std::uint64_t calls() const noexcept;
  // The duration that a share (0 to 1) of the calls did not pass, interpolated; 0 without calls.
  double quantile_ms(double share) const noexcept;

  void set_last_error(std::string_view text);
  std::string last_error() const;

 private:
  mutable std::mutex mutex_;
  std::string last_error_;  // guarded by mutex_
};

}  // namespace narthex::host
