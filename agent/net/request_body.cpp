// SPDX-License-Identifier: Apache-2.0
#include "net/request_body.hpp"

#include "net/compression.hpp"
#include "net/target.hpp"

#include <narthex/sdk/buffer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace narthex::net {
namespace {

Refusal inflate(Exchange& exchange) {
  const std::string encoding = lower(exchange.head.header("content-encoding"));
  if (encoding.empty() || encoding == "identity") return {};
  auto inflated = decompress(encoding, exchange.body, exchange.body_max_bytes);
  if (inflated.ok()) {
    exchange.body = *std::move(inflated);
    return {};
  }
  if (inflated.status().code() == NX_ERR_EXHAUSTED) return {413, "request body too large"};
  if (inflated.status().code() == NX_ERR_UNSUPPORTED) return {415, "unsupported Content-Encoding"};
  return {400, "request body does not decompress"};
}

// A buffer over a body, whose memory goes back to where it came from.
BufferRef make_body(std::string text, std::shared_ptr<BodyBudget> budget) {
  struct Body : nx_buffer {
    std::string text;
    std::shared_ptr<BodyBudget> budget;
    std::atomic<int> references{1};
  };
  auto* body = new Body;  // released by its last reference
  body->text = std::move(text);
  body->budget = std::move(budget);
  body->data = body->text.data();
  body->size = body->text.size();
  body->priv = body;
  body->retain = [](nx_buffer* self) {
    static_cast<Body*>(self->priv)->references.fetch_add(1, std::memory_order_relaxed);
  };
  body->release = [](nx_buffer* self) {
    auto* b = static_cast<Body*>(self->priv);
    if (b->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    b->budget->give_memory(std::move(b->text));
    delete b;
  };
  return BufferRef::adopt(body);
}

bool is_form(const RequestHead& head) {
  const std::string_view type = head.header("content-type");
  return lower(trim_blanks(type.substr(0, type.find(';')))) == "application/x-www-form-urlencoded";
}

}  // namespace

Refusal make_request(Exchange& exchange, Request& request) {
  // The fallback reads no body: what is wrong with one must not hide that nobody is there for it.
  const bool raw = exchange.route == nullptr || exchange.route->route().raw_body;
  if (!raw) {
    if (const Refusal r = inflate(exchange)) return r;
  }
  const SplitTarget parts = split_target(exchange.head.target);
  auto path = percent_decode(parts.path, false);
  if (!path || path->find('\0') != std::string::npos) return {400, "malformed path"};
  request.method = exchange.head.method;
  request.path = *std::move(path);
  request.target = exchange.head.target;
  request.query = parse_pairs(parts.query);
  if (!raw && is_form(exchange.head)) request.form = parse_pairs(exchange.body);
  request.path_params = std::move(exchange.path_params);
  request.headers = std::move(exchange.head.headers);
  request.body = make_body(std::move(exchange.body), exchange.body_budget);
  request.remote = exchange.remote;
  request.received_ms = exchange.received_ms;
  request.received_mono_ns = exchange.started_ns;
  request.cancellation = exchange.cancellation;
  return {};
}

}  // namespace narthex::net
