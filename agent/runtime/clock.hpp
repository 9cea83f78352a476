// SPDX-License-Identifier: Apache-2.0
// clock.hpp - where time comes from. Nobody in the agent asks the system directly, so that tests
// can move time. Thread-safe.
#pragma once

#include <cstdint>

namespace narthex::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ms() const = 0;   // wall clock, since the Unix epoch; may jump
  virtual std::int64_t mono_ns() const = 0;  // monotonic, from an arbitrary zero
};

// The clocks of the operating system.
class SystemClock final : public Clock {
 public:
  std::int64_t now_ms() const override;
  std::int64_t mono_ns() const override;
};

}  // namespace narthex::runtime
