// SPDX-License-Identifier: Apache-2.0
// packet_server.hpp - sockets for protocols without requests and answers: lines over TCP, datagrams
// over UDP, both on one address. What arrives goes into a bounded queue, from which somebody takes.
//
// A full queue stops the reading: TCP senders wait, and UDP datagrams that the kernel then drops
// are counted. A connection costs no thread and at most one unfinished line. Thread-safe.
#pragma once

#include "net/packet_queue.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace narthex::net {

struct PacketServerOptions {
  std::string listen;  // "host:port"; with port 0 TCP and UDP get the same one
  bool tcp = true;
  bool udp = true;
  int connections_max = 1000;
  std::int64_t idle_timeout_ms = 600'000;
  std::size_t line_bytes_max = 64 << 10;
  std::size_t queue_bytes_max = 8 << 20;
};

class PacketServer {
 public:
  // on_packets is called when the queue is no longer empty: on an I/O thread, it must not block,
  // and it may come until stop() has returned. `receiver` labels the metrics. All outlive it.
  PacketServer(PacketServerOptions options, const std::string& receiver,
               runtime::AsioExecutor& executor, telemetry::Registry& registry,
               std::function<void()> on_packets);
  ~PacketServer();  // stops

  Status start();
  std::string address() const;  // REQUIRES: started; "127.0.0.1:43121"
  // The oldest packets, about bytes_max bytes at most; none: there are none.
  std::vector<Packet> take(std::size_t bytes_max);
  // Stops listening, reads what senders had sent by now, and closes: take() gives the rest. Returns
  // at the deadline at the latest; waits for the I/O thread, so not from it.
  void stop(std::int64_t deadline_mono_ns);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace narthex::net
