// SPDX-License-Identifier: Apache-2.0
// diskstats.hpp - node_disk_*: the counters of /proc/diskstats, and what udev says about the
// device.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/device_filter.hpp"
#include "plugins/exporter/node/proc_file.hpp"
#include "plugins/exporter/node/udev.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

// One line. Kernels before 4.18 have 11 counters, before 5.5 15, then 17.
struct DiskLine {
  static constexpr std::size_t kCountersMax = 17;
  std::string_view major;
  std::string_view minor;
  std::string_view device;
  std::array<std::uint64_t, kCountersMax> counters{};
  std::size_t counter_count = 0;
};
// Nothing when the line is not one of a device.
std::optional<DiskLine> parse_disk_line(std::string_view line);

class DiskstatsCollector final : public Collector {
 public:
  DiskstatsCollector(const Paths& paths, DeviceFilter filter);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  struct Disk {
    bool shown = false;
    std::uint64_t round = 0;
    std::int64_t udev_stamp_ns = 0;  // when its record was changed last
    std::vector<double> values;      // counters, then the constant ones
    std::optional<sdk::SeriesSet> set;
  };

  Disk& disk_of(const DiskLine& line);
  void describe(const sdk::Collection& out, const DiskLine& line, Disk& disk) const;
  std::string udev_path(const DiskLine& line) const;

  const Paths paths_;
  const DeviceFilter filter_;
  ProcFile file_;
  std::map<std::string, Disk, std::less<>> disks_;
};

}  // namespace narthex::exporter_node
