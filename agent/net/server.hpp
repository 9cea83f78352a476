// SPDX-License-Identifier: Apache-2.0
// server.hpp - the HTTP front. Sockets, budgets and parking are ours on Asio; cpp-httplib parses
// and dispatches through a Stream of ours and lives in httplib_dispatch.cpp only (why:
// agent/net/README.md).
//
// An idle connection costs a parked wait and nothing else; a request occupies a thread of its lane
// only while it is complete and being handled. Routes may be added and removed while it runs.
// Thread-safe.
#pragma once

#include "net/http.hpp"
#include "net/options.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>

namespace narthex::net {

class Server {
 public:
  Server(ServerOptions options, runtime::AsioExecutor& executor, telemetry::Registry& registry);
  ~Server();  // stops

  // NX_ERR_ALREADY_EXISTS when method and path are taken.
  Status add(Route route);
  // Returns once the route's handler no longer runs anywhere. Not from within that handler.
  void remove(std::string_view method, std::string_view path);
  // Whether a request of this method and path (as sent, without the query) finds a handler.
  bool serves(std::string_view method, std::string_view path) const;
  // For paths that no route has; 404 in text otherwise.
  void set_fallback(Handler handler);

  // TLS, users and headers, at any time: clients and requests that come from then on meet them.
  // Says what is wrong, and then changes nothing.
  Status set_web(const WebOptions& options);

  // Binds and listens. On success address() has the real port.
  Status start();
  std::string address() const;  // "127.0.0.1:43121"
  // Stops accepting, answers what is complete, cancels the rest at the deadline.
  void stop(std::int64_t deadline_mono_ns);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Whether a server could be run with these: loads certificates and keys.
Status check_web(const WebOptions& options);

}  // namespace narthex::net
