// SPDX-License-Identifier: Apache-2.0
// client.hpp - the one HTTP client for everything outbound: scrapes, discovery, webhooks.
//
// Plain HTTP without a proxy goes over Asio with keep-alive connections of its own; everything else
// over libcurl, which is loaded on first need (why: agent/net/README.md). Credentials are never
// sent to another host than the one they are for. Thread-safe.
#pragma once

#include "net/http.hpp"
#include "net/options.hpp"
#include "runtime/asio_executor.hpp"

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace narthex::net {

struct FetchRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  Params headers;   // beside those of ClientOptions
  std::string body;
  std::int64_t timeout_ms = 30'000;         // for the whole exchange
  std::uint64_t body_max_bytes = 64 << 20;  // of the answer, inflated; beyond it the fetch fails
  std::uint64_t header_max_bytes = 64 << 10;
  bool accept_gzip = true;
};

struct FetchResponse {
  int status = 0;
  std::string status_line;       // "503 Service Unavailable", in the server's words
  Params headers;                // names in lower case
  BufferRef body;                // inflated
  std::uint64_t wire_bytes = 0;  // of the body as it came
  std::string url;               // after redirects
  std::string_view header(std::string_view name) const { return first(headers, name); }
};

// Gets the result exactly once, on an I/O thread: it must not block.
using FetchDone = std::function<void(Result<FetchResponse>)>;

// A fetch in flight. cancel(): done is called soon with NX_ERR_CANCELLED, unless it was already.
class Fetch {
 public:
  virtual ~Fetch() = default;
  virtual void cancel() = 0;
};

// A client of one configuration: shares connections among its fetches.
class Client {
 public:
  virtual ~Client() = default;
  virtual std::shared_ptr<Fetch> fetch(FetchRequest request, FetchDone done) = 0;
  // Blocks; not from an I/O thread.
  Result<FetchResponse> fetch_now(FetchRequest request);
};

class ClientFactory {
 public:
  ClientFactory(runtime::AsioExecutor& executor, std::string user_agent);
  ~ClientFactory();  // ends what is in flight with NX_ERR_CANCELLED; not from an I/O thread
  // Checks the options and reads the files they name.
  Result<std::shared_ptr<Client>> make(const ClientOptions& options);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace narthex::net
