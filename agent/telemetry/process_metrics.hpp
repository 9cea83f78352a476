// SPDX-License-Identifier: Apache-2.0
// process_metrics.hpp - the process_* metrics that every Prometheus client library shows: CPU,
// memory, descriptors, start time, network. Read at gather time from /proc/self only, so that they
// also work in a service that sees nothing else of /proc.
#pragma once

#include "telemetry/metrics.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace narthex::telemetry {

// Fields of /proc/self/stat.
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;  // user and system
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
// Nothing when the text is not what the kernel writes.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// Adds them to the registry as long as the handle lives.
[[nodiscard]] std::shared_ptr<void> register_process_metrics(Registry& registry);

}  // namespace narthex::telemetry
