// SPDX-License-Identifier: Apache-2.0
// exchange.hpp - one HTTP request on its way to an ingest plugin and back: the request and the
// reply as the ABI wants them, and the answer that follows from what the plugin said. One thread.
#pragma once

#include "net/http.hpp"

#include <narthex/ingest.h>
#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::ingest {

// A view of an HTTP request, which outlives it.
class PluginRequest {
 public:
  PluginRequest(const net::Request& request, std::uint32_t route_id, std::uint64_t body_max_bytes,
                nx_appender* appender);
  const nx_ingest_request& raw() const { return raw_; }

 private:
  std::vector<nx_kv> path_params_;
  std::vector<nx_kv> query_params_;
  std::vector<nx_kv> headers_;
  BufferRef body_;
  nx_ingest_request raw_{};
};

// Collects what the plugin answers.
class PluginReply {
 public:
  PluginReply();
  nx_ingest_reply* raw() { return &raw_; }
  bool has_status() const { return raw_.status != 0; }

  // Forgets what the plugin answered: things turned out differently after it had.
  void take_back();
  // The answer. `outcome` is what handle() returned, NX_PARTIAL with its text included.
  net::Response finish(const Status& outcome);

 private:
  nx_ingest_reply raw_{};
  net::Params headers_;
  std::string body_;
};

// The HTTP status that stands for a code when the plugin chose none.
int http_status(nx_status code);

}  // namespace narthex::ingest
