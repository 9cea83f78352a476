// SPDX-License-Identifier: Apache-2.0
// web_config_watch.hpp - takes over a changed web.config.file within a second and without a reload,
// as in Prometheus. A file that is wrong leaves the last good one in force and is logged once.
// (Certificates and keys need no watch: the server looks at them whenever a client comes.)
// Thread-safe.
#pragma once

#include "net/server.hpp"
#include "runtime/executor.hpp"
#include "telemetry/log.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <tuple>

namespace narthex {

class WebConfigWatch {
 public:
  // Both outlive it.
  WebConfigWatch(runtime::Executor& executor, net::Server& server)
      : executor_(executor), server_(server) {}

  // Which file is in force from now on; empty: none.
  void follow(std::string file);
  void stop();

 private:
  void wait();  // REQUIRES: mutex_ held
  void look();

  runtime::Executor& executor_;
  net::Server& server_;
  const telemetry::Log log_{"http"};
  std::mutex mutex_;
  // Modification time in ns, size, inode.
  std::tuple<std::int64_t, std::int64_t, std::uint64_t> stamp_;  // guarded by mutex_, as all below
  std::string file_;
  bool stopped_ = false;
  runtime::Timer timer_;
};

}  // namespace narthex
