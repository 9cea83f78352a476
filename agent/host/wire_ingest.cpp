// SPDX-License-Identifier: Apache-2.0
#include "host/wire_ingest.hpp"

#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <span>

namespace narthex::host {
namespace {

// Parameters and headers are texts.
void write_params(WireWriter& out, const nx_kv* params, std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (const nx_kv& param : std::span(params, count)) {
    out.text(param.key);
    out.text(param.value.type == NX_STRING ? std::string_view(param.value.u.s, param.value.len)
                                           : std::string_view());
  }
}

const nx_kv* read_params(WireReader& in, WireArrays& arrays, std::uint32_t& count) {
  std::vector<nx_kv> params(in.count(16));
  for (nx_kv& param : params) {
    param.key = in.str();
    const std::string_view text = in.text();
    param.value.type = NX_STRING;
    param.value.len = static_cast<std::uint32_t>(text.size());
    param.value.u.s = text.data();
  }
  count = static_cast<std::uint32_t>(params.size());
  return arrays.keep(std::move(params));
}

// The numbers of a result, in the order of the struct.
template <class Result, class Use>
void each_number(Result& result, Use use) {
  use(result.accepted);
  use(result.refused);
  use(result.series_created);
  use(result.exemplars_accepted);
  use(result.exemplars_refused);
  for (auto& code : result.by_code) use(code);
}

}  // namespace

void write_request(WireWriter& out, const nx_ingest_request& request) {
  out.number(request.route_id);
  for (const nx_str& text : {request.method, request.path, request.remote, request.tenant}) {
    out.text(text);
  }
  write_params(out, request.path_params, request.path_param_count);
  write_params(out, request.query_params, request.query_param_count);
  write_params(out, request.headers, request.header_count);
  out.number(request.received_ms);
  out.number(request.deadline_mono_ns);
  out.number(request.body_max_bytes);
  out.text(std::string_view(static_cast<const char*>(request.body->data), request.body->size));
}

ReceivedRequest read_request(WireReader& in, WireArrays& arrays) {
  ReceivedRequest received;
  nx_ingest_request& raw = received.raw;
  raw.struct_size = sizeof raw;
  raw.route_id = in.number<std::uint32_t>();
  for (nx_str* text : {&raw.method, &raw.path, &raw.remote, &raw.tenant}) *text = in.str();
  raw.path_params = read_params(in, arrays, raw.path_param_count);
  raw.query_params = read_params(in, arrays, raw.query_param_count);
  raw.headers = read_params(in, arrays, raw.header_count);
  raw.received_ms = in.number<std::int64_t>();
  raw.deadline_mono_ns = in.number<std::int64_t>();
  raw.body_max_bytes = in.number<std::uint64_t>();
  received.body = in.text();
  return received;
}

void write_routes(WireWriter& out, const nx_route* routes, std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (const nx_route& route : std::span(routes, count)) {
    out.text(route.method);
    out.text(route.path);
    out.number(route.id);
    out.number(route.flags);
  }
}

std::vector<RouteFacts> read_routes(WireReader& in) {
  std::vector<RouteFacts> routes(in.count(24));
  for (RouteFacts& route : routes) {
    route.method = in.text();
    route.path = in.text();
    route.id = in.number<std::uint32_t>();
    route.flags = in.number<std::uint32_t>();
  }
  return routes;
}

void write_reply(WireWriter& out, const ReplyFacts& reply) {
  out.number(reply.status);
  out.number(std::uint64_t{reply.headers.size()});
  for (const auto& [name, value] : reply.headers) {
    out.text(name);
    out.text(value);
  }
  out.text(reply.body);
}

void read_reply(WireReader& in, nx_ingest_reply& reply) {
  const auto status = in.number<std::int32_t>();
  const std::uint64_t count = in.count(16);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const nx_str name = in.str();
    const nx_str value = in.str();
    if (in.ok()) reply.header(&reply, name, value);
  }
  const std::string_view body = in.text();
  if (!in.ok()) return;
  reply.status = status;
  if (!body.empty()) reply.body(&reply, {body.data(), body.size()});
}

void write_packets(WireWriter& out, const nx_bytes* packets, const nx_str* peers,
                   std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (std::uint32_t i = 0; i < count; ++i) {
    out.text(view(packets[i]));
    out.text(peers[i]);
  }
}

ReceivedPackets read_packets(WireReader& in) {
  ReceivedPackets received;
  const std::uint64_t count = in.count(16);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view packet = in.text();
    received.packets.push_back({packet.data(), packet.size()});
    received.peers.push_back(in.str());
  }
  return received;
}

void write_result(WireWriter& out, const nx_append_result& result, std::uint64_t rows) {
  out.number(result.retry_after_ms);
  each_number(result, [&](const std::uint64_t& number) { out.number(number); });
  out.numbers(result.row_code, rows);
}

void read_result(WireReader& in, nx_append_result& result, std::uint64_t rows) {
  result.retry_after_ms = in.number<std::uint32_t>();
  each_number(result, [&](std::uint64_t& number) { number = in.number<std::uint64_t>(); });
  const std::vector<std::uint8_t> codes = in.numbers<std::uint8_t>();
  if (result.row_code == nullptr) return;
  if (codes.size() != rows) return in.fail();
  std::copy(codes.begin(), codes.end(), result.row_code);
}

}  // namespace narthex::host
