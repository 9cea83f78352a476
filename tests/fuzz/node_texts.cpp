// SPDX-License-Identifier: Apache-2.0
// The kernel's texts and netlink messages, as exporter.node reads them. The first byte chooses the
// parser, the rest is what it reads.
#include "plugins/exporter/node/diskstats.hpp"
#include "plugins/exporter/node/kernel_stat.hpp"
#include "plugins/exporter/node/link_counters.hpp"
#include "plugins/exporter/node/loadavg.hpp"
#include "plugins/exporter/node/meminfo.hpp"
#include "plugins/exporter/node/mountinfo.hpp"
#include "plugins/exporter/node/udev.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

using namespace narthex::exporter_node;

namespace {

void parse(unsigned which, std::string_view text) {
  std::vector<CpuTicks> cpus;
  std::vector<LinkCounters> links;
  MemoryFields memory;
  switch (which) {
    case 0:
      (void)parse_cpu_ticks(text, cpus);
      break;
    case 1:
      (void)parse_kernel_stat(text);
      break;
    case 2:
      (void)parse_loadavg(text);
      break;
    case 3:
      (void)parse_meminfo(text, memory);
      break;
    case 4:
      (void)parse_disk_line(text);
      break;
    case 5:
      (void)parse_mountinfo(text);
      break;
    case 6:
      (void)parse_net_dev(text, links);
      break;
    case 7:
      (void)parse_link_messages(text, links);
      break;
    default:
      (void)UdevProperties::parse(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  parse(data[0] % 9u, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
