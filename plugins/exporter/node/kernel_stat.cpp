// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/kernel_stat.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <string>

namespace narthex::exporter_node {

Status parse_cpu_ticks(std::string_view text, std::vector<CpuTicks>& out) {
  out.clear();
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view name = next_word(line);
    // The first line sums all CPUs; the CPUs follow it, and nothing after them is ours.
    if (name == "cpu") continue;
    if (!name.starts_with("cpu")) break;
    CpuTicks& cpu = out.emplace_back();
    cpu.number = name.substr(3);
    for (std::uint64_t& ticks : cpu.ticks) {
      const std::string_view word = next_word(line);
      if (word.empty()) break;
      const auto number = to_number<std::uint64_t>(word);
      if (!number) return invalid_data("no number in /proc/stat: '" + std::string(word) + "'");
      ticks = *number;
    }
  }
  return out.empty() ? invalid_data("/proc/stat names no CPU") : Status();
}

Result<KernelStat> parse_kernel_stat(std::string_view text) {
  struct Row {
    std::string_view name;
    double KernelStat::*member;
  };
  static constexpr Row kRows[] = {
      {"intr", &KernelStat::interrupts},       {"ctxt", &KernelStat::context_switches},
      {"btime", &KernelStat::boot_time_s},     {"processes", &KernelStat::forks},
      {"procs_running", &KernelStat::running}, {"procs_blocked", &KernelStat::blocked},
  };
  KernelStat stat;
  std::size_t found = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view name = next_word(line);
    for (const Row& row : kRows) {
      if (row.name != name) continue;
      const auto number = to_number<std::uint64_t>(next_word(line));
      if (!number) return invalid_data("no number in /proc/stat after " + std::string(name));
      stat.*row.member = static_cast<double>(*number);
      ++found;
      break;
    }
  }
  if (found == 0) return invalid_data("/proc/stat has none of the lines that it should have");
  return stat;
}

}  // namespace narthex::exporter_node
