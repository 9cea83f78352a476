// SPDX-License-Identifier: Apache-2.0
// recovery_watch.hpp - follows what the storage backend says of its recovery (the topic
// storage.NAME.recovery) and passes it on: to the service manager as the status line, with time to
// start in, and to whoever asks for walreplay. Thread-safe.
#pragma once

#include "api/services.hpp"
#include "bus/bus.hpp"
#include "runtime/notify.hpp"

#include <memory>
#include <mutex>

namespace narthex {

class RecoveryWatch {
 public:
  // All three outlive it.
  RecoveryWatch(bus::Bus& bus, const runtime::ServiceNotifier& notifier, api::AgentStatus& status);

  // The service manager is told nothing after it, even where an event is still on its way.
  void started();

 private:
  void take(const bus::Event& event);

  const runtime::ServiceNotifier& notifier_;
  api::AgentStatus& status_;
  std::mutex mutex_;
  bool starting_ = true;                             // guarded by mutex_
  std::unique_ptr<bus::Subscription> subscription_;  // ends first
};

}  // namespace narthex
