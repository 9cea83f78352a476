// SPDX-License-Identifier: Apache-2.0
// http_service.hpp - NX_EXT_HTTP: the agent's HTTP client for plugins. Before stop() whatever is in
// flight is cancelled and its `done` has run. Thread-safe.
#pragma once

#include "net/client.hpp"

#include <narthex/host.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

struct nx_http_client {
  std::shared_ptr<narthex::net::Client> client;
};

namespace narthex::host {

class PluginInstance;

extern const nx_ext_http kHttpService;

class InstanceHttp {
 public:
  explicit InstanceHttp(PluginInstance& owner);
  ~InstanceHttp();

  Status client_new(const nx_value* config, nx_http_client** out);
  void client_free(nx_http_client* client);
  // Blocks until done has run.
  Status request(nx_http_client* client, const nx_http_request* request, nx_http_done done,
                 void* user);
  Status request_async(nx_http_client* client, const nx_http_request* request, nx_http_done done,
                       void* user);
  void open();
  // False: something was still in flight at the deadline.
  bool close(std::int64_t deadline_mono_ns);

 private:
  struct InFlight;
  Status fetch(nx_http_client* client, const nx_http_request& request, net::FetchDone done);
  Status check(const nx_http_client* client, const nx_http_request* request, nx_http_done done);

  PluginInstance& owner_;
  std::shared_ptr<InFlight> in_flight_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<nx_http_client>> clients_;  // guarded by mutex_
};

}  // namespace narthex::host
