// SPDX-License-Identifier: Apache-2.0
// receiver.hpp - one ingest plugin at work: its routes on the HTTP server, its requests counted.
// Requests run concurrently on the server's ingest lane; the receiver outlives them.
#pragma once

#include "host/instance.hpp"
#include "ingest/append_service.hpp"
#include "ingest/receiving.hpp"
#include "ingest/row_counters.hpp"
#include "net/server.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/ingest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace narthex::ingest {

class Receiver final : public Receiving {
 public:
  static constexpr std::uint64_t kBodyMaxBytes = std::uint64_t{32} << 20;  // decoded

  // All outlive it. The instance was created, not started.
  Receiver(std::shared_ptr<host::Instance> instance, net::Server& server, store::Store& store,
           telemetry::Registry& registry);
  ~Receiver() override;  // stops
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Starts the instance and mounts its routes; on failure nothing stays mounted.
  Status start() override;
  // Takes the routes away, waits for requests under way, and stops the instance.
  void stop(std::int64_t deadline_mono_ns) override;

  // What a route's handler does.
  net::Response handle(const net::Request& request, std::uint32_t route_id);

 private:
  Status mount(const nx_route& route);
  void unmount();
  Status commit(SampleAppender& appender, Status outcome, bool& stored);

  const std::shared_ptr<host::Instance> instance_;
  const nx_ingest* const table_;
  const host::CallSite routes_site_;
  const host::CallSite handle_site_;
  net::Server& server_;
  store::Store& store_;
  telemetry::Registry& registry_;
  const AppendGrant grant_;
  std::vector<std::pair<std::string, std::string>> mounted_;  // method, path
  RowCounters rows_;
};

}  // namespace narthex::ingest
