// SPDX-License-Identifier: Apache-2.0
// process_receiver.cpp - an ingest plugin that runs apart: requests and packets go over, what it
// appends comes back in between, and the agent's appender of the call takes it.
#include "host/process_instance.hpp"

#include "host/wire_ingest.hpp"

#include <utility>

namespace narthex::host {

Status ProcessInstance::routes(const nx_route** routes, std::uint32_t* count) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  const Result<Answer> answer = ask(Message::kRoutes, {});
  if (!answer.ok()) return answer.status();
  if (answer->code < 0) return answer->status();
  WireReader in(answer->body);
  route_facts_ = read_routes(in);
  if (!in.ok()) {
    route_facts_.clear();
    lose("the plugin's process sent what are no routes", 0);
    return unavailable(down_reason_);
  }
  routes_.clear();
  for (const RouteFacts& facts : route_facts_) {
    routes_.push_back({to_nx(facts.method), to_nx(facts.path), facts.id, facts.flags});
  }
  *routes = routes_.data();
  *count = static_cast<std::uint32_t>(routes_.size());
  return Status();
}

Status ProcessInstance::ask_for_rows(Message kind, std::string_view body, nx_appender* appender,
                                     Answer& out) {
  Result<Answer> answer = ask(kind, body, appender);
  if (!answer.ok()) return answer.status();
  out = *std::move(answer);
  return out.status();
}

Status ProcessInstance::handle(const nx_ingest_request& request, nx_ingest_reply& reply,
                               Answer& answer) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string body;
  WireWriter out(body);
  write_request(out, request);
  Status status = ask_for_rows(Message::kHandle, body, request.appender, answer);
  if (answer.body.empty()) return status;
  WireReader in(answer.body);
  read_reply(in, reply);
  if (in.ok()) return status;
  lose("the plugin's process sent what is no reply", 0);
  return unavailable(down_reason_);
}

Status ProcessInstance::packets(const nx_bytes* packets, const nx_str* peers, std::uint32_t count,
                                nx_appender* appender, Answer& answer) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  std::string body;
  WireWriter out(body);
  write_packets(out, packets, peers, count);
  return ask_for_rows(Message::kPackets, body, appender, answer);
}

Status ProcessInstance::flush(nx_appender* appender, Answer& answer) {
  Lock lock(calls_mutex_, std::defer_lock);
  if (Status status = enter(lock); !status.ok()) return status;
  return ask_for_rows(Message::kFlush, {}, appender, answer);
}

}  // namespace narthex::host
