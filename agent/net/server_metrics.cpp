// SPDX-License-Identifier: Apache-2.0
#include "net/server_metrics.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace narthex::net {
namespace {

constexpr double kSecondsBounds[] = {0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120};
constexpr double kBytesBounds[] = {1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

telemetry::Counter& requests(telemetry::Registry& registry, const std::string& handler, int code) {
  return registry.counter("prometheus_http_requests_total", "Counter of HTTP requests.",
                          {{"code", std::to_string(code)}, {"handler", handler}});
}

}  // namespace

std::string handler_label(std::string_view route_path) {
  std::string label;
  for (std::size_t i = 0; i < route_path.size(); ++i) {
    const std::size_t close = route_path[i] == '{' ? route_path.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      label += route_path[i];
      continue;
    }
    std::string_view name = route_path.substr(i + 1, close - i - 1);
    const bool rest = name.ends_with("...");
    if (rest) name.remove_suffix(3);
    label.append(rest ? "*" : ":").append(name);
    i = close;
  }
  return label;
}

struct RouteMetrics::Cells {
  Cells(telemetry::Registry& r, std::string_view route_path)
      : registry(r),
        handler(handler_label(route_path)),
        seconds(r.histogram("prometheus_http_request_duration_seconds",
                            "Histogram of latencies for HTTP requests.", kSecondsBounds,
                            {{"handler", handler}})),
        bytes(r.histogram("prometheus_http_response_size_bytes",
                          "Histogram of response size for HTTP requests.", kBytesBounds,
                          {{"handler", handler}})),
        ok(requests(r, handler, 200)) {}

  telemetry::Counter& by_code(int status) {
    if (status == 200) return ok;
    const std::lock_guard lock(mutex);
    for (auto& [code, cell] : others) {
      if (code == status) return *cell;
    }
    others.emplace_back(status, &requests(registry, handler, status));
    return *others.back().second;
  }

  telemetry::Registry& registry;
  const std::string handler;
  telemetry::Histogram& seconds;
  telemetry::Histogram& bytes;
  telemetry::Counter& ok;
  std::mutex mutex;
  std::vector<std::pair<int, telemetry::Counter*>> others;  // guarded by mutex
};

RouteMetrics::RouteMetrics(telemetry::Registry& registry, std::string_view route_path)
    : cells_(std::make_shared<Cells>(registry, route_path)) {}

void RouteMetrics::count(int status, double seconds, std::uint64_t body_bytes) {
  cells_->by_code(std::clamp(status, 100, 599)).add();
  cells_->seconds.observe(seconds);
  cells_->bytes.observe(static_cast<double>(body_bytes));
}

RefusalMetrics::RefusalMetrics(telemetry::Registry& registry)
    : registry_(registry),
      accept_failures_(registry.counter("narthex_http_accept_failures_total",
                                        "Connections that could not be accepted.")),
      handshake_failures_(registry.counter("narthex_http_tls_handshake_failures_total",
                                           "TLS clients that broke off or were refused.")),
      password_checks_(registry.counter("narthex_http_password_checks_total",
                                        "Passwords that were checked against a bcrypt hash.")) {}

void RefusalMetrics::count(int status) {
  registry_
      .counter("narthex_http_refused_total",
               "Requests that were refused before they reached a handler.",
               {{"code", std::to_string(status)}})
      .add();
}

}  // namespace narthex::net
