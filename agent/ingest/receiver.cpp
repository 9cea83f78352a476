// SPDX-License-Identifier: Apache-2.0
#include "ingest/receiver.hpp"

#include "ingest/exchange.hpp"

#include <narthex/sdk/text.hpp>

#include <span>

namespace narthex::ingest {
namespace {

constexpr std::int64_t kRoutesDeadlineMs = 5'000;
constexpr std::int64_t kHandleDeadlineMs = 60'000;

}  // namespace

Receiver::Receiver(std::shared_ptr<host::Instance> instance, net::Server& server,
                   store::Store& store, telemetry::Registry& registry)
    : instance_(std::move(instance)),
      table_(static_cast<const nx_ingest*>(instance_->table(NX_INGEST_ID))),
      routes_site_(instance_->site(NX_INGEST_ID ".routes", kRoutesDeadlineMs)),
      handle_site_(instance_->site(NX_INGEST_ID ".handle", kHandleDeadlineMs)),
      server_(server),
      store_(store),
      registry_(registry),
      grant_(instance_->host(), store),
      rows_(registry, instance_->name()) {}

Receiver::~Receiver() { stop(0); }

Status Receiver::start() {
  const Status started = instance_->start();
  if (!started.ok()) return started;
  const nx_route* routes = nullptr;
  std::uint32_t count = 0;
  Status status = instance_->call(routes_site_, [&](void* self, nx_error* err) {
    return table_->routes(self, &routes, &count, err);
  });
  if (!status.ok()) return status;
  for (const nx_route& route : std::span(routes, count)) {
    status = mount(route);
    if (status.ok()) continue;
    unmount();
    return status;
  }
  return Status();
}

Status Receiver::mount(const nx_route& route) {
  net::Route mounted;
  mounted.method = view(route.method);
  mounted.path = view(route.path);
  mounted.lane = net::Lane::kIngest;
  mounted.body_max_bytes = kBodyMaxBytes;
  mounted.raw_body = (route.flags & NX_ROUTE_RAW_BODY) != 0;
  mounted.cors = mounted.method == "GET";  // pages of other sites may read, not change
  mounted.handler = [this, id = route.id](const net::Request& request) {
    return handle(request, id);
  };
  mounted_.emplace_back(mounted.method, mounted.path);
  const Status added = server_.add(std::move(mounted));
  if (added.ok()) return added;
  const std::string name = mounted_.back().first + " " + mounted_.back().second;
  mounted_.pop_back();
  return added.with_prefix("route " + name + " of " + instance_->name());
}

void Receiver::unmount() {
  for (const auto& [method, path] : mounted_) server_.remove(method, path);
  mounted_.clear();
}

void Receiver::stop(std::int64_t deadline_mono_ns) {
  unmount();
  instance_->stop(deadline_mono_ns);
}

net::Response Receiver::handle(const net::Request& request, std::uint32_t route_id) {
  SampleAppender appender(store_, instance_->name());
  const PluginRequest plugin_request(request, route_id, kBodyMaxBytes, appender.handle());
  PluginReply reply;
  Status outcome;
  // A storage that takes nothing says so before a request is judged: senders come again. Who only
  // looks is answered all the same.
  Status failed = request.method == "GET" ? Status() : appender.begin();
  if (failed.ok())
    failed = instance_->call(handle_site_, [&](void* self, nx_error* err) {
      const nx_status returned = table_->handle(self, &plugin_request.raw(), reply.raw(), err);
      if (returned == NX_PARTIAL) {
        outcome = Status(NX_PARTIAL, std::string(err->text, err->text_len));
      }
      return returned;
    });
  if (failed.ok()) {
    bool stored = false;
    outcome = commit(appender, std::move(outcome), stored);
    if (!stored) reply.discard();
  } else {
    outcome = failed;
  }
  net::Response response = reply.finish(outcome);
  registry_
      .counter("narthex_ingest_requests_total", "Requests to a receiver by status.",
               Labels{{"code", std::to_string(response.status)}, {"receiver", instance_->name()}})
      .add();
  return response;
}

// What was taken at first may be refused at the commit, when another request was faster. That must
// not be answered with success, whatever the plugin said.
Status Receiver::commit(SampleAppender& appender, Status outcome, bool& stored) {
  nx_append_result result{};
  result.struct_size = sizeof result;
  const Status committed = appender.commit(result);
  stored = committed.ok();
  if (!stored) return committed;
  rows_.count(result);
  if (result.refused == 0 || outcome.code() != NX_OK) return outcome;
  return {NX_PARTIAL, std::to_string(result.refused) + " of " +
                          std::to_string(result.refused + result.accepted) +
                          " samples were refused when they were stored: another sender or the same "
                          "request wrote their series at these times"};
}

}  // namespace narthex::ingest
