// SPDX-License-Identifier: Apache-2.0
// queries.cpp - which queries run and wait (status/queries), and ending one (DELETE, closed unless
// --web.enable-admin-api). Ours; Prometheus has no counterpart.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/json.hpp"
#include "api/routes.hpp"
#include "query/service.hpp"
#include "runtime/executor.hpp"

#include <charconv>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

std::int64_t integer(std::uint64_t number) { return static_cast<std::int64_t>(number); }

void write_query(JsonWriter& json, const query::Ticket& ticket, std::int64_t now_ns) {
  const query::Request& asked = ticket.request();
  json.begin_object()
      .field("id", integer(ticket.id()))
      .field("query", std::string_view(asked.text))
      .field("client", std::string_view(asked.client))
      .field("path", std::string_view(asked.path))
      .field("state", ticket.state() == query::State::kRunning ? "running" : "queued")
      .field("received", std::string_view(rfc3339(ticket.begun_ms())));
  json.key("elapsedSeconds").number(static_cast<double>(now_ns - asked.received_mono_ns) / 1e9);
  json.key("timeoutSeconds")
      .number(static_cast<double>(asked.deadline_mono_ns - asked.received_mono_ns) / 1e9);
  json.field("start", std::string_view(rfc3339(asked.start_ms)))
      .field("end", std::string_view(rfc3339(asked.end_ms)));
  json.key("stepSeconds").number(static_cast<double>(asked.step_ms) / 1e3);
  json.field("samples", integer(ticket.samples()))
      .field("memoryBytes", integer(ticket.memory()->used()))
      .field("peakMemoryBytes", integer(ticket.memory()->peak()))
      .end_object();
}

Response list(const Services& s) {
  JsonWriter json;
  json.begin_object().key("queries").begin_array();
  for (const auto& ticket : s.queries.list()) {
    write_query(json, *ticket, s.executor.clock().mono_ns());
  }
  const query::Options& bounds = s.queries.options();
  json.end_array()
      .field("maxConcurrency", std::int64_t{bounds.max_concurrency})
      .field("memoryBytes", integer(s.queries.memory_used()))
      .field("maxMemoryBytes", integer(bounds.max_memory_all))
      .field("maxMemoryBytesPerQuery", integer(bounds.max_memory))
      .end_object();
  return success(json.text());
}

Response end(const Services& s, const Request& request) {
  const auto config = s.status.config();
  if (config == nullptr || !config->http.enable_admin_api) {
    return error(ErrorType::kUnavailable, "admin APIs disabled");
  }
  const std::string_view text = net::first(request.path_params, "id");
  std::uint64_t id = 0;
  const char* last = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), last, id);
  if (parsed.ec != std::errc() || parsed.ptr != last) {
    return error(ErrorType::kBadData, "the id of a query is a number, as status/queries shows it");
  }
  if (!s.queries.end(id, query::Ending::kKilled)) {
    return error(ErrorType::kNotFound, "no query " + std::string(text) + " waits or runs");
  }
  Response r;
  r.status = 204;
  return r;
}

}  // namespace

Status mount_queries(const Services& s) {
  const Status added =
      add_route(s, "/api/v1/status/queries", {}, [s](const Request&) { return list(s); });
  if (!added.ok()) return added;
  return add_route(s, "/api/v1/status/queries/{id}", {.methods = {"DELETE"}, .cors = false},
                   [s](const Request& r) { return end(s, r); });
}

}  // namespace narthex::api
