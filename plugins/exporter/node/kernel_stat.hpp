// SPDX-License-Identifier: Apache-2.0
// kernel_stat.hpp - the text of /proc/stat. Pure.
#pragma once

#include <narthex/sdk/result.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

// One "cpuN" line: ticks in the kernel's order of modes.
struct CpuTicks {
  enum {
    kUser,
    kNice,
    kSystem,
    kIdle,
    kIowait,
    kIrq,
    kSoftirq,
    kSteal,
    kGuest,
    kGuestNice,
    kModes
  };
  std::string_view number;  // into the text
  std::array<std::uint64_t, kModes> ticks{};
};

// Replaces out. Kernels before 2.6.33 have fewer modes; those stay 0.
Status parse_cpu_ticks(std::string_view text, std::vector<CpuTicks>& out);

struct KernelStat {
  double interrupts = 0;
  double context_switches = 0;
  double boot_time_s = 0;
  double forks = 0;
  double running = 0;
  double blocked = 0;
};
Result<KernelStat> parse_kernel_stat(std::string_view text);

}  // namespace narthex::exporter_node
