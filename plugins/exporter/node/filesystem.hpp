// SPDX-License-Identifier: Apache-2.0
// filesystem.hpp - node_filesystem_*: size and use of what is mounted. A mount that does not answer
// shows node_filesystem_device_error 1 and holds up nothing else.
#pragma once

#include "plugins/exporter/node/collector.hpp"
#include "plugins/exporter/node/device_filter.hpp"
#include "plugins/exporter/node/mount_probe.hpp"
#include "plugins/exporter/node/mountinfo.hpp"
#include "plugins/exporter/node/proc_file.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace narthex::exporter_node {

struct FilesystemOptions {
  DeviceFilter mount_points;
  DeviceFilter types;
  std::int64_t mount_timeout_ms = 5000;
  Statfs ask;  // empty: the system
};

class FilesystemCollector final : public Collector {
 public:
  FilesystemCollector(const Paths& paths, FilesystemOptions options);
  Status collect(const sdk::Collection& out, const Round& round) override;

 private:
  struct Watched {
    Mount mount;
    std::string path;                   // where the agent sees it
    std::unique_ptr<MountProbe> probe;  // where asking could hang
    sdk::SeriesSet set;
  };

  Status read_mounts(const sdk::Collection& out);
  void watch(const sdk::Collection& out, std::vector<Mount> mounts);
  std::string host_path(const std::string& mount_point) const;
  void push(const sdk::Collection& out, Watched& watched, std::int64_t deadline_mono_ns);

  const Paths paths_;
  const FilesystemOptions options_;
  ProcFile first_;    // of the host's first process
  ProcFile second_;   // our own, where we may not see the first
  std::string text_;  // what watched_ was made from
  std::vector<Watched> watched_;
};

}  // namespace narthex::exporter_node
