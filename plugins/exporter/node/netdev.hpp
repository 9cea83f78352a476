// SPDX-License-Identifier: Apache-2.0
// netdev.hpp - node_network_*_total: the counters of the network interfaces. Asked by netlink, as
// node_exporter does; where a sandbox forbids that, /proc/net/dev has all but one of them.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/device_filter.hpp"
#include "plugins/exporter/node/link_counters.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace narthex::exporter_node {

// Lists the links of our network namespace over one socket that stays open.
class LinkSocket {
 public:
  LinkSocket() = default;
  ~LinkSocket();
  LinkSocket(const LinkSocket&) = delete;
  LinkSocket& operator=(const LinkSocket&) = delete;

  // Replaces out.
  Status list(std::vector<LinkCounters>& out);

 private:
  Status open_socket();
  Status ask();
  Status receive(std::vector<LinkCounters>& out);

  int fd_ = -1;
  std::uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

class NetdevCollector final : public Collector {
 public:
  // netlink false: the text only, as for a procfs that is not our own.
  NetdevCollector(const Paths& paths, DeviceFilter filter, bool netlink);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  Status read_links();

  const DeviceFilter filter_;
  bool netlink_;
  LinkSocket socket_;
  ProcFile file_;
  std::vector<LinkCounters> links_;
  EntitySets sets_;
};

}  // namespace narthex::exporter_node
