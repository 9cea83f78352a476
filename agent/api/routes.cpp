// SPDX-License-Identifier: Apache-2.0
#include "api/routes.hpp"

#include "api/answer.hpp"
#include "api/api.hpp"
#include "net/server.hpp"

namespace narthex::api {

namespace {

net::Handler behind_gate(AgentStatus& status, net::Handler handler) {
  return [&status, handler = std::move(handler)](const net::Request& request) {
    if (status.ready && !status.stopping) return handler(request);
    net::Response r = net::Response::text(503, "Service Unavailable");
    r.headers.emplace_back("X-Prometheus-Stopping", status.stopping ? "true" : "false");
    return r;
  };
}

// Prometheus's words: clients know them.
net::Response unavailable_to_agents(const net::Request&) {
  return error(ErrorType::kExecution, "unavailable with Prometheus Agent");
}

bool is_agent(const AgentStatus& status) {
  const auto config = status.config();
  return config != nullptr && config->agent;
}

}  // namespace

Status add_route(const Services& services, std::string_view path, const RouteOptions& options,
                 net::Handler handler) {
  if (options.stored && is_agent(services.status)) handler = &unavailable_to_agents;
  if (!options.before_ready) handler = behind_gate(services.status, std::move(handler));
  for (const std::string_view method : options.methods) {
    net::Route route;
    route.method = method;
    route.path = path;
    route.lane = options.lane;
    route.handler = handler;
    route.body_max_bytes = options.body_max_bytes;
    route.raw_body = options.raw_body;
    route.cors = options.cors;
    route.head = options.head;
    const Status added = services.server.add(std::move(route));
    if (!added.ok()) return added;
  }
  return Status();
}

void mount_fallback(const Services& services) {
  net::Server& server = services.server;
  const auto find = [&server](const net::Request& request) {
    const std::string path = request.path.substr(0, request.path.size() - 1);
    // Only a path that is served is echoed: it has no bytes that a header could not carry.
    if (!path.empty() && request.path.back() == '/' && server.serves(request.method, path)) {
      net::Response moved = net::Response::text(request.method == "GET" ? 301 : 307, {});
      moved.headers.emplace_back("Location", path);
      return moved;
    }
    return net::Response::text(404, "404 page not found\n");
  };
  server.set_fallback(behind_gate(services.status, find));
}

Status mount_all(const Services& services) {
  for (const auto mount : {&mount_lifecycle, &mount_query, &mount_expression, &mount_series,
                           &mount_export, &mount_targets, &mount_status, &mount_queries,
                           &mount_rules, &mount_admin, &mount_events, &mount_remote}) {
    const Status mounted = mount(services);
    if (!mounted.ok()) return mounted;
  }
  mount_fallback(services);
  return Status();
}

}  // namespace narthex::api
