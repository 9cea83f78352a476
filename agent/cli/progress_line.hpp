// SPDX-License-Identifier: Apache-2.0
// progress_line.hpp - how far something is, on stderr: one line that is redrawn on a terminal, a
// line every 10 s elsewhere. Thread: one.
#pragma once

#include "runtime/clock.hpp"

#include <cstdint>
#include <string>

namespace narthex::cli {

// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t number);

class ProgressLine {
 public:
  // Bytes of all there is to do; 0: unknown. The clock outlives it.
  ProgressLine(const runtime::Clock& clock, std::uint64_t bytes_total);
  ~ProgressLine();  // ends the line

  // Cheap: looks at the clock once in a while.
  void show(std::uint64_t samples, std::uint64_t bytes);
  // Takes the line away, so that something else can be printed.
  void clear();
  double seconds() const;

 private:
  std::string text(std::uint64_t samples, std::uint64_t bytes) const;
  const runtime::Clock& clock_;
  const std::uint64_t bytes_total_;
  const std::int64_t begun_ns_;
  const bool terminal_;
  std::int64_t shown_ns_;
  std::uint32_t calls_ = 0;
  bool drawn_ = false;
};

}  // namespace narthex::cli
