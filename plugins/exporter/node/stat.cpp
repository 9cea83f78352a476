// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/stat.hpp"

#include "plugins/exporter/node/kernel_stat.hpp"

#include <array>
#include <utility>

namespace narthex::exporter_node {
namespace {

sdk::SeriesList table() {
  struct Row {
    std::string_view name;
    std::uint32_t type;
    std::string_view help;
  };
  static constexpr Row kRows[] = {
      {"node_intr_total", NX_TYPE_COUNTER, "Total number of interrupts serviced."},
      {"node_context_switches_total", NX_TYPE_COUNTER, "Total number of context switches."},
      {"node_forks_total", NX_TYPE_COUNTER, "Total number of forks."},
      {"node_boot_time_seconds", NX_TYPE_GAUGE, "Node boot time, in unixtime."},
      {"node_procs_running", NX_TYPE_GAUGE, "Number of processes in runnable state."},
      {"node_procs_blocked", NX_TYPE_GAUGE,
       "Number of processes blocked waiting for I/O to complete."},
  };
  sdk::SeriesList table;
  for (const Row& row : kRows) {
    table.add(row.name, {});
    table.describe(row.name, row.type, row.help);
  }
  return table;
}

}  // namespace

StatCollector::StatCollector(std::shared_ptr<ProcFile> stat)
    : stat_(std::move(stat)), set_(table()) {}

Status StatCollector::collect(const sdk::Collection& out, const Round& round) {
  const Result<std::string_view> text = stat_->read_once(round.number);
  if (!text.ok()) return text.status();
  const Result<KernelStat> stat = parse_kernel_stat(*text);
  if (!stat.ok()) return stat.status();
  const std::array<double, 6> values = {stat->interrupts,  stat->context_switches, stat->forks,
                                        stat->boot_time_s, stat->running,          stat->blocked};
  set_.push(out, values);
  return Status();
}

}  // namespace narthex::exporter_node
