// SPDX-License-Identifier: Apache-2.0
// manager.hpp - runs the receivers that the configuration asks for and offers plugins the service
// to append samples. apply() and stop() come from one thread at a time.
#pragma once

#include "host/plugin_host.hpp"
#include "ingest/options.hpp"
#include "net/server.hpp"
#include "runtime/asio_executor.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::ingest {

class Receiving;

// What the manager works with; all outlive it.
struct ManagerServices {
  runtime::AsioExecutor& executor;
  telemetry::Registry& registry;
  net::Server& server;
  store::Store& store;
  host::PluginHost& plugins;
};

class Manager {
 public:
  explicit Manager(ManagerServices services);
  ~Manager();  // stops

  // Makes exactly these receivers run. One whose options are what they were goes on untouched; the
  // others are stopped before new ones start, since they may have the same routes. The first
  // failure is returned, and the rest runs all the same. A plugin in quarantine is no failure: its
  // receivers are left out, and the log says so.
  Status apply(std::span<const ReceiverOptions> receivers);
  void stop();

 private:
  struct Running {
    std::string plugin;
    std::string fingerprint;
    std::unique_ptr<Receiving> receiver;
  };
  Status start(const ReceiverOptions& options);
  std::unique_ptr<Receiving> make(const ReceiverOptions& options,
                                  std::shared_ptr<host::Instance> instance);
  std::string free_name(const std::string& plugin);

  const ManagerServices services_;
  const telemetry::Log log_{"ingest manager"};
  std::vector<Running> running_;
  std::uint64_t started_ = 0;
};

}  // namespace narthex::ingest
