// SPDX-License-Identifier: Apache-2.0
#include "host/http_service.hpp"

#include "host/http_config.hpp"
#include "host/plugin_instance.hpp"
#include "host/tasks_service.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>
#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <string>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kDoneDeadlineMs = 60'000;
constexpr std::uint32_t kDefaultTimeoutMs = 30'000;
constexpr std::uint64_t kDefaultBodyMax = std::uint64_t{64} << 20;

net::FetchRequest make_request(const nx_http_request* request) {
  const nx_http_request& from = *request;
  net::FetchRequest made;
  if (from.method.len != 0) made.method = view(from.method);
  made.url = view(from.url);
  const std::span<const nx_kv> headers(from.headers, from.header_count);
  for (const nx_kv& header : headers) {
    made.headers.emplace_back(view(header.key), sdk::Value(&header.value).get<std::string>());
  }
  made.body = view(from.body);
  made.timeout_ms = from.timeout_ms != 0 ? from.timeout_ms : kDefaultTimeoutMs;
  const bool limited = NX_HAS(request, nx_http_request, body_max_bytes) && from.body_max_bytes != 0;
  made.body_max_bytes = limited ? from.body_max_bytes : kDefaultBodyMax;
  return made;
}

// Runs done with what came back, in the form of the ABI.
void answer(const Result<net::FetchResponse>& result, nx_http_done done, void* user) {
  sdk::ErrorSlot err;
  if (!result.ok()) {
    sdk::fail(&err, result.status());
    done(user, nullptr, &err);
    return;
  }
  std::vector<nx_kv> headers;
  for (const auto& [name, text] : result->headers) {
    nx_value v{};
    v.type = NX_STRING;
    v.len = static_cast<std::uint32_t>(text.size());
    v.u.s = text.data();
    headers.push_back({to_nx(name), v});
  }
  nx_http_response response{};
  response.struct_size = sizeof response;
  response.status = result->status;
  response.headers = headers.data();
  response.header_count = static_cast<std::uint32_t>(headers.size());
  const BufferRef body = result->body ? result->body : make_buffer({});
  response.body = body.get();
  done(user, &response, &err);
}

}  // namespace

// Fetches whose `done` has not finished. Outlives the instance: the network may answer late.
struct InstanceHttp::InFlight {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  bool closing = false;
  std::uint64_t count = 0;
  std::vector<std::weak_ptr<net::Fetch>> fetches;

  bool enter() {
    const std::lock_guard lock(mutex);
    if (closing) return false;
    return ++count, true;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --count;
    changed.notify_all();
  }
  void note(const std::shared_ptr<net::Fetch>& fetch) {
    const std::lock_guard lock(mutex);
    std::erase_if(fetches, [](const auto& weak) { return weak.expired(); });
    fetches.push_back(fetch);
    if (closing) fetch->cancel();
  }
};

InstanceHttp::InstanceHttp(PluginInstance& owner)
    : owner_(owner), in_flight_(std::make_shared<InFlight>()) {}
InstanceHttp::~InstanceHttp() { (void)close(0); }

void InstanceHttp::open() {
  const std::lock_guard lock(in_flight_->mutex);
  in_flight_->closing = false;
}

Status InstanceHttp::client_new(const nx_value* config, nx_http_client** out) {
  net::ClientFactory* factory = owner_.context().services.clients;
  if (config == nullptr || out == nullptr)
    return invalid_argument("client_new needs config and out");
  if (factory == nullptr) return {NX_ERR_UNSUPPORTED, "there is no HTTP client here"};
  Result<net::ClientOptions> options = read_http_config(*config);
  if (!options.ok()) return options.status();
  Result<std::shared_ptr<net::Client>> made = factory->make(*options);
  if (!made.ok()) return made.status();
  auto client = std::make_unique<nx_http_client>();
  client->client = *std::move(made);
  const std::lock_guard lock(mutex_);
  *out = client.get();
  clients_.push_back(std::move(client));
  return Status();
}

void InstanceHttp::client_free(nx_http_client* client) {
  const std::lock_guard lock(mutex_);
  std::erase_if(clients_, [&](const auto& own) { return own.get() == client; });
}

Status InstanceHttp::check(const nx_http_client* client, const nx_http_request* request,
                           nx_http_done done) {
  if (client == nullptr || done == nullptr || !NX_HAS(request, nx_http_request, body)) {
    return invalid_argument("an HTTP request needs client, request and done");
  }
  return Status();
}

Status InstanceHttp::fetch(nx_http_client* client, const nx_http_request& request,
                           net::FetchDone done) {
  if (!in_flight_->enter()) return {NX_ERR_CANCELLED, "the instance is being stopped"};
  in_flight_->note(client->client->fetch(make_request(&request), std::move(done)));
  return Status();
}

Status InstanceHttp::request(nx_http_client* client, const nx_http_request* request,
                             nx_http_done done, void* user) {
  if (Status status = check(client, request, done); !status.ok()) return status;
  struct Waiting {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<Result<net::FetchResponse>> result;  // guarded by mutex
  };
  const auto waiting = std::make_shared<Waiting>();
  Status status = fetch(client, *request, [waiting](Result<net::FetchResponse> result) {
    const std::lock_guard lock(waiting->mutex);
    waiting->result.emplace(std::move(result));
    waiting->arrived.notify_all();
  });
  if (!status.ok()) return status;
  {
    std::unique_lock lock(waiting->mutex);
    waiting->arrived.wait(lock, [&] { return waiting->result.has_value(); });
  }
  // The caller is in the plugin already, and so is done.
  (void)sdk::guard(nullptr, [&] { answer(*waiting->result, done, user); });
  in_flight_->leave();
  return Status();
}

Status InstanceHttp::request_async(nx_http_client* client, const nx_http_request* request,
                                   nx_http_done done, void* user) {
  if (Status status = check(client, request, done); !status.ok()) return status;
  const CallSite site = owner_.site("http_client.done", kDoneDeadlineMs);
  // `this` and the owner live until close() has seen in_flight empty.
  return fetch(client, *request,
               [this, site, done, user, flight = in_flight_](Result<net::FetchResponse> result) {
                 auto shared = std::make_shared<Result<net::FetchResponse>>(std::move(result));
                 owner_.context().services.executor.post(
                     runtime::Pool::kWorker, [this, site, done, user, flight, shared] {
                       (void)owner_.call(site, [&](void*, nx_error*) {
                         answer(*shared, done, user);
                         return NX_OK;
                       });
                       flight->leave();
                     });
               });
}

bool InstanceHttp::close(std::int64_t deadline_mono_ns) {
  std::vector<std::weak_ptr<net::Fetch>> fetches;
  std::unique_lock lock(in_flight_->mutex);
  in_flight_->closing = true;
  fetches.swap(in_flight_->fetches);
  lock.unlock();
  for (const auto& weak : fetches) {
    if (const auto fetch = weak.lock()) fetch->cancel();
  }
  lock.lock();
  const std::int64_t left_ns = deadline_mono_ns - owner_.context().clock.mono_ns();
  const auto until = std::chrono::system_clock::now() +
                     std::chrono::nanoseconds(std::max<std::int64_t>(0, left_ns));
  return in_flight_->changed.wait_until(lock, until, [&] { return in_flight_->count == 0; });
}

namespace {

InstanceHttp& of(const nx_host* host) {
  return static_cast<PluginInstance&>(Instance::of(host)).http();
}

nx_status client_new(const nx_host* host, const nx_value* config, nx_http_client** out,
                     nx_error* err) {
  return sdk::guard(err, [&] { return of(host).client_new(config, out); });
}

void client_free(const nx_host* host, nx_http_client* client) {
  (void)sdk::guard(nullptr, [&] { of(host).client_free(client); });
}

nx_status request(const nx_host* host, nx_http_client* client, const nx_http_request* wanted,
                  nx_http_done done, void* user, nx_error* err) {
  return sdk::guard(err, [&] { return of(host).request(client, wanted, done, user); });
}

nx_status request_async(const nx_host* host, nx_http_client* client, const nx_http_request* wanted,
                        nx_http_done done, void* user, nx_error* err) {
  return sdk::guard(err, [&] { return of(host).request_async(client, wanted, done, user); });
}

}  // namespace

const nx_ext_http kHttpService = {sizeof(nx_ext_http), 0,        &client_new,
                                  &client_free,        &request, &request_async};

}  // namespace narthex::host
