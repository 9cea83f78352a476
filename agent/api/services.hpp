// SPDX-License-Identifier: Apache-2.0
// services.hpp - what the endpoints stand on. References outlive the server's routes.
#pragma once

#include "config/config.hpp"

#include <narthex/sdk/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace narthex::bus {
class Bus;
}
namespace narthex::host {
class PluginHost;
}
namespace narthex::net {
class Server;
}
namespace narthex::promql {
class FunctionTable;
}
namespace narthex::query {
class Service;
}
namespace narthex::runtime {
class Executor;
}
namespace narthex::scrape {
class Manager;
}
namespace narthex::store {
class Store;
}
namespace narthex::telemetry {
class Registry;
}

namespace narthex::api {

// How far the storage's log is read at a start: segments by number, all 0 where there is none.
struct ReplayStatus {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t current = 0;
};

// What the process knows of itself. Thread-safe.
class AgentStatus {
 public:
  explicit AgentStatus(std::string version, std::int64_t started_ms)
      : version_(std::move(version)), started_ms_(started_ms) {}

  const std::string& version() const { return version_; }
  std::int64_t started_ms() const { return started_ms_; }

  void set_config(std::shared_ptr<const config::Config> config, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    config_ = std::move(config);
    last_reload_ms_ = now_ms;
    last_reload_ok_ = true;
  }
  void reload_failed() {
    const std::lock_guard lock(mutex_);
    last_reload_ok_ = false;
  }
  std::shared_ptr<const config::Config> config() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  bool last_reload_ok() const {
    const std::lock_guard lock(mutex_);
    return last_reload_ok_;
  }
  std::int64_t last_reload_ms() const {
    const std::lock_guard lock(mutex_);
    return last_reload_ms_;
  }
  void set_replay(const ReplayStatus& replay) {
    const std::lock_guard lock(mutex_);
    replay_ = replay;
  }
  ReplayStatus replay() const {
    const std::lock_guard lock(mutex_);
    return replay_;
  }

  std::atomic<bool> ready{false};
  std::atomic<bool> stopping{false};

 private:
  const std::string version_;
  const std::int64_t started_ms_;
  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> config_;  // guarded by mutex_
  std::int64_t last_reload_ms_ = 0;               // guarded by mutex_
  bool last_reload_ok_ = false;                   // guarded by mutex_
  ReplayStatus replay_;                           // guarded by mutex_
};

struct Services {
  net::Server& server;
  store::Store& store;
  std::shared_ptr<const promql::FunctionTable> functions;
  query::Service& queries;
  scrape::Manager& scrape;
  host::PluginHost& plugins;
  bus::Bus& bus;
  telemetry::Registry& registry;
  runtime::Executor& executor;
  AgentStatus& status;
  std::function<Status()> reload;  // blocks; called on a worker
  std::function<void()> quit;      // asks the process to end
};

}  // namespace narthex::api
