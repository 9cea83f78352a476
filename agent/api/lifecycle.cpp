// SPDX-License-Identifier: Apache-2.0
// lifecycle.cpp - /-/healthy, /-/ready, /-/reload, /-/quit, /metrics, /version.
#include "api/api.hpp"
#include "api/build_info.hpp"
#include "api/routes.hpp"
#include "telemetry/metrics.hpp"

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

// Prometheus answers 403 to a switched-off call and 405 to a GET, in this order.
net::Handler guarded(const Services& services, std::function<Response()> act) {
  return [&status = services.status, act = std::move(act)](const Request& request) {
    if (request.method != "POST" && request.method != "PUT") {
      return Response::text(405, "Only POST or PUT requests allowed");
    }
    const auto config = status.config();
    if (config == nullptr || !config->http.enable_lifecycle) {
      return Response::text(403, "Lifecycle API is not enabled.");
    }
    return act();
  };
}

Response reload(const std::function<Status()>& run) {
  const Status reloaded = run();
  if (reloaded.ok()) return Response{};
  return Response::text(500, "failed to reload config: " + reloaded.message() + "\n");
}

Response metrics(const telemetry::Registry& registry) {
  Response r;
  r.headers.emplace_back("Content-Type",
                         "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  r.body = telemetry::render_text(registry);
  return r;
}

}  // namespace

Status mount_lifecycle(const Services& s) {
  const RouteOptions always{.before_ready = true, .head = true};
  const RouteOptions closed{.methods = {"GET", "POST", "PUT"}, .before_ready = true, .cors = false};

  Status added = add_route(s, "/-/healthy", always, [](const Request&) {
    return Response::text(200, "Narthex is Healthy.\n");
  });
  if (added.ok()) {
    added = add_route(s, "/-/ready", RouteOptions{.head = true},
                      [](const Request&) { return Response::text(200, "Narthex is Ready.\n"); });
  }
  if (added.ok()) {
    added = add_route(s, "/-/reload", closed, guarded(s, [run = s.reload] { return reload(run); }));
  }
  if (added.ok()) {
    added = add_route(s, "/-/quit", closed, guarded(s, [quit = s.quit] {
                        quit();
                        return Response::text(200, "Requesting termination... Goodbye!");
                      }));
  }
  if (added.ok()) {
    added = add_route(s, "/metrics", always,
                      [&registry = s.registry](const Request&) { return metrics(registry); });
  }
  if (added.ok()) {
    added = add_route(s, "/version", always, [&status = s.status](const Request&) {
      return Response::json(200, build_info_json(status.version()));
    });
  }
  return added;
}

}  // namespace narthex::api
