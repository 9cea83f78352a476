// SPDX-License-Identifier: Apache-2.0
// path_watcher.hpp - tells when a file, or something in a folder, has changed. One inotify
// descriptor and one sleeping thread for all watches, made when the first one is asked for.
// Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <narthex/sdk/result.hpp>

#include <functional>
#include <memory>
#include <string>

namespace narthex::host {

class PathWatcher {
 public:
  explicit PathWatcher(runtime::Executor& executor);
  ~PathWatcher();

  // Changes within this time are told as one.
  static constexpr std::int64_t kBurstMs = 100;

  // Runs `changed` on a worker after a burst of changes. A file is watched through its folder, so
  // it may be replaced by renaming, be a link that moves, or not exist yet; its folder must exist.
  // The handle ends the watch when it dies; a call of `changed` may then be under way.
  Result<std::shared_ptr<void>> watch(const std::string& path, std::function<void()> changed);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace narthex::host
