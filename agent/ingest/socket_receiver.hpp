// SPDX-License-Identifier: Apache-2.0
// socket_receiver.hpp - one ingest plugin with sockets of its own: lines over TCP and datagrams go
// from the packet server's queue to the plugin, one run after the other, and what it appends is
// committed run by run.
//
// A run that the storage cannot take now is kept and tried again every second; meanwhile the queue
// fills and senders wait. Nobody waits for an answer, so what a stopping agent had been sent is
// stored before stop() returns, as far as the deadline lets it.
#pragma once

#include "host/instance.hpp"
#include "ingest/append_service.hpp"
#include "ingest/options.hpp"
#include "ingest/receiving.hpp"
#include "ingest/row_counters.hpp"
#include "net/packet_server.hpp"
#include "runtime/asio_executor.hpp"
#include "store/store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/ingest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace narthex::ingest {

class SocketReceiver final : public Receiving {
 public:
  // All outlive it. The instance was created, not started.
  SocketReceiver(const ReceiverOptions& options, std::shared_ptr<host::Instance> instance,
                 runtime::AsioExecutor& executor, store::Store& store,
                 telemetry::Registry& registry);
  ~SocketReceiver() override;  // stops
  SocketReceiver(const SocketReceiver&) = delete;
  SocketReceiver& operator=(const SocketReceiver&) = delete;

  Status start() override;
  void stop(std::int64_t deadline_mono_ns) override;
  std::string address() const { return server_.address(); }

 private:
  using Append = std::function<nx_status(void* self, nx_appender* appender, nx_error* err)>;

  void wake();
  // On the strand.
  void pump();
  bool take_run();
  void flush();
  void finish();
  Status append(const host::CallSite& site, const Append& call);
  void plan_flush();

  const std::shared_ptr<host::Instance> instance_;
  const nx_ingest_datagram* const table_;
  const host::CallSite packets_site_;
  const host::CallSite flush_site_;
  runtime::AsioExecutor& executor_;
  store::Store& store_;
  const AppendGrant grant_;
  RowCounters rows_;
  telemetry::Counter& failed_runs_;
  telemetry::Counter& lost_bytes_;
  const std::int64_t flush_interval_ms_;
  const telemetry::Log log_{"ingest"};
  std::atomic<bool> woken_{false};
  bool started_ = false;
  // Of the strand.
  std::vector<net::Packet> run_;  // taken, and not stored yet
  bool waiting_ = false;          // for retry_, with run_
  runtime::Timer retry_;
  runtime::Timer flush_timer_;
  std::int64_t next_flush_ns_ = 0;

  const std::shared_ptr<runtime::Strand> strand_;
  net::PacketServer server_;
};

}  // namespace narthex::ingest
