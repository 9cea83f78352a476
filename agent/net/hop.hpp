// SPDX-License-Identifier: Apache-2.0
// hop.hpp - one request to one server, without redirects: what the engines of the client do.
#pragma once

#include "net/http.hpp"
#include "net/options.hpp"
#include "net/url.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace narthex::net {

// TLS files and texts as they are now.
struct TlsMaterial {
  std::string ca, cert, key;  // PEM; empty: none
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;
};

struct ProxyChoice {
  std::string url;  // empty: direct
  Params connect_headers;
};

struct Hop {
  std::string method;
  Url url;
  Params headers;  // all but Host, Content-Length and Connection
  std::string body;
  std::int64_t deadline_ns = 0;  // of the executor's monotonic clock
  std::uint64_t header_max_bytes = 0;
  std::uint64_t body_max_bytes = 0;
  // Only the curl engine has a use for these.
  std::shared_ptr<const TlsMaterial> tls;
  ProxyChoice proxy;
  bool http2 = true;
};

struct HopResponse {
  int status = 0;
  std::string status_line;
  Params headers;
  std::string body;  // as it came
};

// failure is OK when there is a response. in_body: it failed after the head had come.
struct HopOutcome {
  Status failure;
  bool in_body = false;
  HopResponse response;
};
// Called once, on the strand of the client.
using HopDone = std::function<void(HopOutcome)>;

class HopInFlight {
 public:
  virtual ~HopInFlight() = default;
  // On the strand of the client: done will not be called any more.
  virtual void abandon() = 0;
};

}  // namespace narthex::net
