// SPDX-License-Identifier: Apache-2.0
// service_work.cpp - what runs later: tasks, timers, watches, HTTP requests, events.
#include "check/kit_host.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/value.hpp>

namespace narthex::check {
namespace {

int kind_of(std::int32_t io) { return io != 0 ? NX_THREAD_IO : NX_THREAD_WORKER; }

constexpr nx_ext_tasks kTasks = {
    .struct_size = sizeof(nx_ext_tasks),
    .reserved0 = 0,
    .post = [](const nx_host* h, std::int32_t io, nx_task_fn fn, void* user) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("tasks.post", kAnyContext, true);
      return kit.fails() ? NX_ERR_EXHAUSTED : kit.post({fn, user, kind_of(io)});
    },
    .timer_start = [](const nx_host* h, std::int32_t io, std::uint64_t, std::uint64_t period_ms,
                      nx_task_fn fn, void* user, nx_timer** out) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("tasks.timer_start", kAnyContext, true);
      if (kit.fails()) return NX_ERR_EXHAUSTED;
      *out = reinterpret_cast<nx_timer*>(kit.add_timer({fn, user, kind_of(io)}, period_ms == 0));
      return NX_OK;
    },
    .timer_stop =
        [](const nx_host* h, nx_timer* timer) {
          KitHost::of(h).enter("tasks.timer_stop", kAnyContext);
          KitHost::of(h).stop_timer(reinterpret_cast<KitHost::Timer*>(timer));
        },
    .watch_path = [](const nx_host* h, nx_str path, nx_task_fn fn, void* user) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("tasks.watch_path", kAnyContext, fn != nullptr);
      if (kit.fails()) return NX_ERR_EXHAUSTED;
      kit.watch(std::string(view(path)), {fn, user, NX_THREAD_WORKER});
      return NX_OK;
    },
};

char g_http_client;

constexpr nx_ext_http kHttp = {
    .struct_size = sizeof(nx_ext_http),
    .reserved0 = 0,
    .client_new = [](const nx_host* h, const nx_value*, nx_http_client** out,
                     nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("http_client.client_new", kControlContext);
      if (kit.fails()) return sdk::fail(err, NX_ERR_INVALID_CONFIG, "the kit refuses the client");
      *out = reinterpret_cast<nx_http_client*>(&g_http_client);
      return NX_OK;
    },
    .client_free =
        [](const nx_host* h, nx_http_client*) {
          KitHost::of(h).enter("http_client.client_free", kControlContext);
        },
    .request = [](const nx_host* h, nx_http_client*, const nx_http_request*, nx_http_done done,
                  void* user, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("http_client.request", kWorkerContext, true);
      kit.count_request();
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit refuses the request");
      kit.answer({done, user}, false);
      return NX_OK;
    },
    .request_async = [](const nx_host* h, nx_http_client*, const nx_http_request*,
                        nx_http_done done, void* user, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("http_client.request_async", kAnyContext, true);
      kit.count_request();
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit refuses the request");
      kit.answer_later({done, user});
      return NX_OK;
    },
};

constexpr nx_ext_bus kBus = {
    .struct_size = sizeof(nx_ext_bus),
    .reserved0 = 0,
    .topic = [](const nx_host* h, nx_str name) -> std::uint32_t {
      KitHost& kit = KitHost::of(h);
      kit.enter("bus.topic", kAnyContext);
      return kit.fails() ? 0 : kit.topic(view(name));
    },
    .publish = [](const nx_host* h, std::uint32_t, const nx_value* payload,
                  std::uint32_t) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("bus.publish", kAnyContext, true);
      if (kit.fails()) return NX_ERR_EXHAUSTED;
      if (payload == nullptr || payload->type != NX_TABLE) return NX_ERR_INVALID_ARGUMENT;
      for (const nx_kv& entry : sdk::Value(payload).entries()) {
        kit.say(sdk::Value(&entry.value).get<std::string_view>());
      }
      return NX_OK;
    },
    .subscribe = [](const nx_host* h, nx_str pattern, const nx_sub_opts* opts, nx_event_fn fn,
                    void* user, nx_subscription** out, nx_error* err) -> nx_status {
      KitHost& kit = KitHost::of(h);
      kit.enter("bus.subscribe", kAnyContext, true);
      if (kit.fails()) return sdk::fail(err, NX_ERR_EXHAUSTED, "the kit refuses the subscription");
      const bool io = NX_HAS(opts, nx_sub_opts, io) && opts->io != 0;
      *out = reinterpret_cast<nx_subscription*>(
          kit.subscribe({std::string(view(pattern)), fn, user, kind_of(io ? 1 : 0), true}));
      return NX_OK;
    },
    .unsubscribe =
        [](const nx_host* h, nx_subscription* subscription) {
          KitHost::of(h).enter("bus.unsubscribe", kAnyContext);
          KitHost::of(h).unsubscribe(reinterpret_cast<KitHost::Subscription*>(subscription));
        },
};

}  // namespace

const nx_ext_tasks& tasks_table() { return kTasks; }
const nx_ext_http& http_table() { return kHttp; }
const nx_ext_bus& bus_table() { return kBus; }

void KitHost::answer(const Answer& to, bool cancelled) {
  const OnThread on(NX_THREAD_WORKER);
  Borrow borrow(plan_.mode, "an HTTP answer");
  if (cancelled || http_answer == HttpAnswer::kDown) {
    auto* const err = borrow.out<nx_error>("nx_error");
    (void)sdk::fail(err, cancelled ? NX_ERR_CANCELLED : NX_ERR_UNAVAILABLE,
                    "the kit's line is down");
    to.done(to.user, nullptr, err);
    return;
  }
  nx_value type{};
  type.type = NX_STRING;
  type.len = 16;
  type.u.s = borrow.text("application/json", "a header").ptr;
  const nx_kv headers[] = {{borrow.text("content-type", "a header"), type}};
  nx_http_response response{};
  response.status = http_answer == HttpAnswer::kOk            ? 200
                    : http_answer == HttpAnswer::kServerError ? 503
                                                              : 400;
  response.headers = borrow.array(std::span(headers), "the headers");
  response.header_count = 1;
  response.body = make_body(http_body);
  const nx_http_response* const lent = borrow.make(response, "nx_http_response");
  borrow.seal();
  to.done(to.user, lent, nullptr);
  response.body->release(response.body);
}

}  // namespace narthex::check
