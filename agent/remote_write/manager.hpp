// SPDX-License-Identifier: Apache-2.0
// manager.hpp - runs the destinations that the configuration asks for over one log, and taps the
// store for them. apply() and stop() come from one thread at a time.
#pragma once

#include "net/client.hpp"
#include "remote_write/options.hpp"
#include "remote_write/queue_log.hpp"
#include "remote_write/queue_tap.hpp"
#include "runtime/executor.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::remote_write {

class Destination;

using ClientMaker =
    std::function<Result<std::shared_ptr<net::Client>>(const net::ClientOptions& options)>;

// What the manager works with; all outlive it.
struct ManagerServices {
  runtime::Executor& executor;
  telemetry::Registry& registry;
  store::Store& store;
  ClientMaker make_client;
  std::string data_dir;
  bool sync = true;  // what is to be sent outlives power failures too
};

class Manager {
 public:
  explicit Manager(ManagerServices services);
  ~Manager();  // stops

  // Makes exactly these destinations run. One whose options are what they were goes on untouched.
  // Fails before it changes anything when a destination's client or rules cannot be made.
  Status apply(const RemoteWriteOptions& options);
  // Sends what waits, for a moment; what is left stays in the log.
  void stop();

 private:
  struct Made {
    std::shared_ptr<Destination> destination;
    std::string key;  // of its place file
  };
  Status open_log(const RemoteWriteOptions& options);
  void stop_destinations();
  void drain_destinations();
  Result<std::shared_ptr<Destination>> make(const DestinationOptions& options,
                                            const RemoteWriteOptions& all, const std::string& key);
  void remove_places_but(const std::vector<Made>& kept) const;
  void arm();
  void tick();
  void wake_all();
  void gather(telemetry::Gathering& out) const;
  std::string folder() const { return services_.data_dir + "/remote_write"; }

  const ManagerServices services_;
  std::unique_ptr<QueueLog> log_;
  std::shared_ptr<QueueTap> tap_;
  std::string external_;  // labels, as text: other ones make all destinations anew
  mutable std::mutex mutex_;
  std::vector<Made> running_;  // guarded by mutex_
  std::shared_ptr<void> gatherer_;
  bool stopped_ = false;
  struct Life {
    std::mutex mutex;  // held while the manager is worked for
    bool ended = false;
  };
  const std::shared_ptr<Life> life_ = std::make_shared<Life>();
  runtime::Timer timer_;
};

}  // namespace narthex::remote_write
