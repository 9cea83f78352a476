// SPDX-License-Identifier: Apache-2.0
// breaker.hpp - switches an instance off that misbehaves, and tries it again after 1, 2, 4 ... 60
// minutes. It trips on a thrown exception, a broken contract, a call that never came back, or five
// missed deadlines in a row. Time is the caller's. Thread-safe; asking costs one atomic load.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace narthex::host {

class Breaker {
 public:
  static constexpr int kMissesMax = 5;

  // Closed, or the time for another try has come.
  bool allows(std::int64_t mono_ns) const noexcept {
    return mono_ns >= open_until_ns_.load(std::memory_order_relaxed);
  }
  bool open() const noexcept { return open_until_ns_.load(std::memory_order_relaxed) != 0; }

  // True when this opens it.
  bool trip(std::int64_t mono_ns, std::string reason);
  // A call was longer than its deadline; true when this opens it.
  bool miss(std::int64_t mono_ns, const std::string& entry);
  // A call went well and in time; true when this closes it.
  bool success(std::int64_t mono_ns) noexcept;

  std::string reason() const;  // why it is open; empty when closed

 private:
  std::atomic<std::int64_t> open_until_ns_{0};  // 0: closed
  std::atomic<int> misses_{0};                  // in a row
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::string reason_;
  int trips_ = 0;  // without a quiet time between them
  std::int64_t closed_since_ns_ = 0;
};

}  // namespace narthex::host
