// SPDX-License-Identifier: Apache-2.0
// node_exporter.hpp - the host's metrics under node_exporter's names. Runs the collectors one after
// the other; one that fails shows in node_scrape_collector_success and takes nothing else with it.
// Its collect() calls are serial.
#pragma once

#include "plugins/exporter/node/collector.hpp"

#include <narthex/sdk/exporter.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::exporter_node {

class NodeExporter {
 public:
  static constexpr std::string_view kName = "node";
  static constexpr std::string_view kSummary = "Metrics of the host, as node_exporter names them";

  struct Options {
    std::vector<std::string> collectors;  // empty: all
    std::string procfs = "/proc";
    std::string sysfs = "/sys";
    std::string rootfs = "/";
    std::string udev_data = "/run/udev/data";
    std::string filesystem_mount_points_exclude;
    std::string filesystem_mount_points_include;
    std::string filesystem_fs_types_exclude;
    std::string filesystem_fs_types_include;
    std::int64_t filesystem_mount_timeout_ms = 5000;
    std::string diskstats_device_exclude;
    std::string diskstats_device_include;
    std::string netdev_device_exclude;
    std::string netdev_device_include;
  };
  static const sdk::OptionRow<Options> kOptions[14];

  // Throws sdk::Error when the options make no sense.
  NodeExporter(sdk::Host host, const Options& options);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);

  // NX_PARTIAL, with the reasons, when some collector failed.
  Status collect(const sdk::Collection& out);

 private:
  struct Named {
    std::string name;
    std::unique_ptr<Collector> collector;
  };
  Status run(const sdk::Collection& out, Collector& collector, const Round& round) const;

  const sdk::Host host_;
  std::vector<Named> collectors_;
  std::uint64_t round_ = 0;
  sdk::SeriesSet build_set_;
  sdk::SeriesSet scrape_set_;  // duration and success of each collector, in turn
  std::vector<double> scrape_values_;
};

}  // namespace narthex::exporter_node
