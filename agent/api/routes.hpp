// SPDX-License-Identifier: Apache-2.0
// routes.hpp - adds API routes with what they all share: the readiness gate, body limits, lanes.
#pragma once

#include "api/services.hpp"
#include "net/http.hpp"

#include <narthex/sdk/result.hpp>

#include <string_view>
#include <vector>

namespace narthex::api {

struct RouteOptions {
  std::vector<std::string_view> methods = {"GET"};
  net::Lane lane = net::Lane::kControl;
  bool before_ready = false;  // answers while the agent is starting, too
  bool cors = true;
  bool head = false;  // HEAD where GET is: health checks only, as Prometheus has it
  std::uint64_t body_max_bytes = 1 << 20;
  bool raw_body = false;  // leave Content-Encoding to the handler
  bool stored = false;    // about what is stored, queried or evaluated: not there in agent mode
};

// Adds one handler under a path for several methods. Until the agent is ready, and again while it
// stops, the path answers 503 "Service Unavailable" as Prometheus does.
Status add_route(const Services& services, std::string_view path, const RouteOptions& options,
                 net::Handler handler);

// Paths that nothing is mounted at: one with a slash too many is sent to the one that is meant,
// anything else is not found. Until the agent is ready both are 503: a receiver that is not mounted
// yet must not tell its senders that there is none, they would drop what they have.
void mount_fallback(const Services& services);

}  // namespace narthex::api
