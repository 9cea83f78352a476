// SPDX-License-Identifier: Apache-2.0
// mount_probe.hpp - statfs() that cannot hang its caller. A file system behind a network may block
// for ever when its server is gone; then the thread that asked stays behind, alone, and the mount
// counts as stuck until it comes back.
//
// A thread that is stuck can be neither joined nor ended. It touches nothing but a record that it
// shares, so it may outlive the probe; a plugin's library is never unmapped.
#pragma once

#include <sys/statvfs.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace narthex::exporter_node {

using Statfs = std::function<int(const std::string& path, struct statvfs& out)>;  // an errno, or 0

class MountProbe {
 public:
  // `ask` is statvfs() but for tests. It may be called after the probe has gone.
  MountProbe(std::string path, Statfs ask);

  // Starts asking, unless an earlier question is still open.
  void begin();
  enum class State { kDone, kStuck };
  // Waits until there is an answer, at most until the time of CLOCK_MONOTONIC.
  State wait_until(std::int64_t mono_ns);

  // REQUIRES: wait_until gave kDone.
  int error() const;
  const struct statvfs& answer() const;

 private:
  struct Record;
  std::shared_ptr<Record> record_;
};

}  // namespace narthex::exporter_node
