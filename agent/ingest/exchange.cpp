// SPDX-License-Identifier: Apache-2.0
#include "ingest/exchange.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <utility>

namespace narthex::ingest {
namespace {

std::vector<nx_kv> pairs(const net::Params& params) {
  std::vector<nx_kv> out;
  out.reserve(params.size());
  for (const auto& [key, text] : params) {
    nx_value value{};
    value.type = NX_STRING;
    value.len = static_cast<std::uint32_t>(text.size());
    value.u.s = text.data();
    out.push_back({to_nx(key), value});
  }
  return out;
}

std::uint32_t count(const std::vector<nx_kv>& list) {
  return static_cast<std::uint32_t>(list.size());
}

}  // namespace

PluginRequest::PluginRequest(const net::Request& request, std::uint32_t route_id,
                             std::uint64_t body_max_bytes, nx_appender* appender)
    : path_params_(pairs(request.path_params)),
      query_params_(pairs(request.query)),
      headers_(pairs(request.headers)),
      body_(request.body ? request.body : make_buffer({})) {
  raw_.struct_size = sizeof raw_;
  raw_.route_id = route_id;
  raw_.method = to_nx(request.method);
  raw_.path = to_nx(request.path);
  raw_.remote = to_nx(request.remote);
  raw_.path_params = path_params_.data();
  raw_.path_param_count = count(path_params_);
  raw_.query_params = query_params_.data();
  raw_.query_param_count = count(query_params_);
  raw_.headers = headers_.data();
  raw_.header_count = count(headers_);
  raw_.body = body_.get();
  raw_.received_ms = request.received_ms;
  raw_.deadline_mono_ns = request.deadline_mono_ns;
  raw_.body_max_bytes = body_max_bytes;
  raw_.appender = appender;
}

PluginReply::PluginReply() {
  raw_.struct_size = sizeof raw_;
  raw_.impl = this;
  raw_.header = [](nx_ingest_reply* reply, nx_str name, nx_str value) {
    static_cast<PluginReply*>(reply->impl)->headers_.emplace_back(view(name), view(value));
  };
  raw_.body = [](nx_ingest_reply* reply, nx_bytes chunk) {
    static_cast<PluginReply*>(reply->impl)->body_ += view(chunk);
  };
}

void PluginReply::discard() {
  raw_.status = 0;
  headers_.clear();
  body_.clear();
}

net::Response PluginReply::finish(const Status& outcome) {
  net::Response response;
  // A plugin that said 200 could not know yet whether the storage would take it.
  const bool undone = outcome.code() != NX_OK && raw_.status >= 200 && raw_.status < 300;
  response.status = has_status() && !undone ? raw_.status : http_status(outcome.code());
  if (!undone) {
    response.headers = std::move(headers_);
    response.body = std::move(body_);
  }
  if (outcome.code() != NX_OK && response.body.empty()) response.body = outcome.message() + "\n";
  if (!response.body.empty() && !net::has(response.headers, "Content-Type")) {
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  }
  if ((response.status == 429 || response.status == 503) &&
      !net::has(response.headers, "Retry-After")) {
    const std::uint32_t seconds =
        std::max<std::uint32_t>((outcome.retry_after_ms() + 999) / 1000, 1);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  return response;
}

int http_status(nx_status code) {
  switch (code) {
    case NX_OK:
      return 204;
    case NX_PARTIAL:
    case NX_ERR_INVALID_ARGUMENT:
    case NX_ERR_INVALID_CONFIG:
    case NX_ERR_INVALID_DATA:
      return 400;
    case NX_ERR_UNSUPPORTED:
      return 415;
    case NX_ERR_PERMISSION:
      return 403;
    case NX_ERR_NOT_FOUND:
      return 404;
    case NX_ERR_EXHAUSTED:
      return 429;
    case NX_ERR_UNAVAILABLE:
    case NX_ERR_IO:
    case NX_ERR_NO_MEMORY:
      return 503;
    case NX_ERR_DEADLINE:
      return 504;
    default:
      return 500;
  }
}

}  // namespace narthex::ingest
