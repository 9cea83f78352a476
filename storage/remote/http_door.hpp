// SPDX-License-Identifier: Apache-2.0
// http_door.hpp - requests to the engine, over the host's HTTP client. Thread-safe between open and
// close.
#pragma once

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/host.hpp>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::storage::remote {

struct HttpCall {
  std::string_view method = "POST";
  std::string url;
  std::string body;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::uint64_t answer_max_bytes = 0;
};

struct HttpAnswer {
  int status = 0;
  BufferRef body;
  // "... answers 400: the first line of the body", for messages.
  Status failure(const std::string& url) const;
};

// Ends waiting for answers. Thread-safe.
class Interrupt {
 public:
  void raise();
  bool raised() const;

 private:
  friend class HttpDoor;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;  // guarded by mutex_
};

class HttpDoor {
 public:
  HttpDoor(sdk::Host host, std::int64_t timeout_ms);

  // `config` has the options of every HTTP client.
  Status open(sdk::Value config);
  void close();
  // Asks and waits. A transport that failed is NX_ERR_UNAVAILABLE. With an interrupt, and on a
  // thread of queries, NX_ERR_CANCELLED comes as soon as it is raised.
  Result<HttpAnswer> call(const HttpCall& call, const std::shared_ptr<Interrupt>& interrupt) const;

 private:
  class Pending;
  Result<HttpAnswer> wait_in_host(const nx_http_request& request) const;
  Result<HttpAnswer> wait_here(const nx_http_request& request,
                               const std::shared_ptr<Interrupt>& interrupt) const;

  const sdk::Host host_;
  const std::int64_t timeout_ms_;
  const nx_ext_http& http_;
  nx_http_client* client_ = nullptr;  // between open and close
};

}  // namespace narthex::storage::remote
