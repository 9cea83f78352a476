// SPDX-License-Identifier: Apache-2.0
// server.hpp - answers POST /api/v1/read: remote read, sampled or as streamed chunks, as Prometheus
// 3.5 does, except that what is the client's mistake is never a 5xx. Thread-safe.
#pragma once

#include "net/http.hpp"
#include "remote_read/block_series.hpp"
#include "remote_read/options.hpp"
#include "remote_read/gate.hpp"
#include "remote_read/selection.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace narthex::remote_read {

class Server {
 public:
  // All of them outlive it, and it outlives the answers it gave.
  Server(store::Store& store, telemetry::Registry& registry, const ReadLimits& limits);

  // The body as sent: what it is encoded with is told by nothing but the protocol.
  net::Response handle(const net::Request& request, const ExternalLabels& external);

 private:
  struct OpenAnswer;

  net::Response sampled(const net::Request& request, std::span<const Selection> selections,
                        const ExternalLabels& external);
  net::Response streamed(const net::Request& request, std::vector<Selection> selections,
                         const ExternalLabels& external);

  store::Store& store_;
  const ReadLimits limits_;
  Gate gate_;
  telemetry::Gauge& queries_;
  std::atomic<std::uint32_t> open_answers_{0};
};

}  // namespace narthex::remote_read
