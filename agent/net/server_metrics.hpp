// SPDX-License-Identifier: Apache-2.0
// server_metrics.hpp - what the HTTP server counts, under Prometheus's names. Label sets are
// closed: handlers are route paths, codes are numbers our handlers answer. Thread-safe.
#pragma once

#include "telemetry/metrics.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::net {

// The cells of one route; copies share them.
class RouteMetrics {
 public:
  RouteMetrics(telemetry::Registry& registry, std::string_view route_path);
  void count(int status, double seconds, std::uint64_t body_bytes);

 private:
  struct Cells;
  std::shared_ptr<Cells> cells_;
};

// Requests that never reached a route, by reason.
class RefusalMetrics {
 public:
  explicit RefusalMetrics(telemetry::Registry& registry);
  void count(int status);
  void count_accept_failure() { accept_failures_.add(); }
  void count_handshake_failure() { handshake_failures_.add(); }
  telemetry::Counter& password_checks() { return password_checks_; }

 private:
  telemetry::Registry& registry_;
  telemetry::Counter& accept_failures_;
  telemetry::Counter& handshake_failures_;
  telemetry::Counter& password_checks_;
};

// "/api/v1/label/{name}/values" as Prometheus labels it: "/api/v1/label/:name/values".
std::string handler_label(std::string_view route_path);

}  // namespace narthex::net
