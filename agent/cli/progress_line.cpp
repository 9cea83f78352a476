// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace narthex::cli {

namespace {

constexpr std::uint32_t kCallsPerLook = 16;
constexpr std::int64_t kRedrawNs = 200'000'000;
constexpr std::int64_t kLogNs = 10'000'000'000;

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, 1, ',');
  return out;
}

ProgressLine::ProgressLine(const runtime::Clock& clock, std::uint64_t bytes_total)
    : clock_(clock),
      bytes_total_(bytes_total),
      begun_ns_(clock.mono_ns()),
      terminal_(isatty(STDERR_FILENO) == 1),
      shown_ns_(begun_ns_) {}

ProgressLine::~ProgressLine() { clear(); }

double ProgressLine::seconds() const {
  return std::max(1e-9, static_cast<double>(clock_.mono_ns() - begun_ns_) / 1e9);
}

std::string ProgressLine::text(std::uint64_t samples, std::uint64_t bytes) const {
  char figures[128];
  const double seconds_so_far = seconds();
  std::snprintf(figures, sizeof figures, " samples, %.1f MB", static_cast<double>(bytes) / 1e6);
  std::string out = grouped(samples) + figures;
  if (bytes_total_ > 0) {
    std::snprintf(
        figures, sizeof figures, " of %.1f MB (%.0f%%)", static_cast<double>(bytes_total_) / 1e6,
        std::min(100.0, 100.0 * static_cast<double>(bytes) / static_cast<double>(bytes_total_)));
    out += figures;
  }
  std::snprintf(figures, sizeof figures, ", %.2f M samples/s",
                static_cast<double>(samples) / seconds_so_far / 1e6);
  return out + figures;
}

void ProgressLine::show(std::uint64_t samples, std::uint64_t bytes) {
  if (++calls_ % kCallsPerLook != 0) return;
  const std::int64_t now_ns = clock_.mono_ns();
  if (now_ns - shown_ns_ < (terminal_ ? kRedrawNs : kLogNs)) return;
  shown_ns_ = now_ns;
  const std::string line = text(samples, bytes);
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  drawn_ = terminal_;
}

void ProgressLine::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace narthex::cli
