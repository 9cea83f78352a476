// SPDX-License-Identifier: Apache-2.0
// event.hpp - the event bus in C++: subscriptions that end themselves, topics to publish on, and
// the component of a plugin that has no interface but listens.
#pragma once

#include <narthex/event.h>
#include <narthex/sdk/component.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace narthex::sdk {

// One event; a view, valid while the callback runs.
class Event {
 public:
  explicit Event(const nx_event* event) noexcept : event_(event) {}
  std::string_view topic() const noexcept { return view(event_->topic_name); }
  std::string_view source() const noexcept { return view(event_->source); }
  Value payload() const noexcept { return Value(event_->payload); }
  std::int64_t time_ms() const noexcept { return event_->t; }
  std::uint64_t sequence() const noexcept { return event_->sequence; }
  // How many this subscription lost just before.
  std::uint64_t dropped() const noexcept { return event_->dropped; }

 private:
  const nx_event* event_;
};

struct SubscribeOptions {
  bool retained = false;  // begin with what retained topics hold
  std::uint32_t overflow = NX_OVERFLOW_DROP_OLDEST;
  std::uint32_t queue = 0;  // events; 0: the host's choice
  std::string_view coalesce_key = {};
};

// Ends with its last event delivered: after destruction the callback does not run. Move-only.
class Subscription {
 public:
  using Callback = std::function<void(const Event&)>;

  Subscription() = default;
  // `pattern` as event.h describes. The callback runs on a worker, one event after the other.
  static Result<Subscription> make(Host host, std::string_view pattern, Callback callback,
                                   const SubscribeOptions& options = {}) {
    const auto* bus = host.service<nx_ext_bus>(NX_EXT_BUS);
    if (bus == nullptr) return Status(NX_ERR_UNSUPPORTED, "the host offers no event bus");
    nx_sub_opts raw{};
    raw.struct_size = sizeof raw;
    raw.flags = options.retained ? static_cast<std::uint32_t>(NX_SUB_RETAINED) : 0u;
    raw.overflow = options.overflow;
    raw.queue = options.queue;
    raw.coalesce_key = to_nx(options.coalesce_key);
    Subscription made;
    made.bus_ = bus;
    made.host_ = host.raw();
    made.callback_ = std::make_unique<Callback>(std::move(callback));
    ErrorSlot err;
    const Status status = err.status(bus->subscribe(host.raw(), to_nx(pattern), &raw, &deliver,
                                                    made.callback_.get(), &made.raw_, &err));
    if (!status.ok()) return status;
    return made;
  }
  Subscription(Subscription&& other) noexcept { swap(other); }
  Subscription& operator=(Subscription&& other) noexcept {
    Subscription taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Subscription() {
    if (raw_ != nullptr) bus_->unsubscribe(host_, raw_);
  }

 private:
  static void deliver(void* user, const nx_event* const* events, std::uint32_t count) noexcept {
    (void)guard(nullptr, [&] {
      for (const nx_event* event : std::span(events, count)) {
        (*static_cast<Callback*>(user))(Event(event));
      }
    });
  }
  void swap(Subscription& other) noexcept {
    std::swap(bus_, other.bus_);
    std::swap(host_, other.host_);
    std::swap(callback_, other.callback_);
    std::swap(raw_, other.raw_);
  }

  const nx_ext_bus* bus_ = nullptr;
  const nx_host* host_ = nullptr;
  std::unique_ptr<Callback> callback_;
  nx_subscription* raw_ = nullptr;
};

// A topic of the plugin's own: its name begins with the plugin's id and a dot.
class Topic {
 public:
  Topic() = default;
  Topic(Host host, std::string_view name)
      : bus_(host.service<nx_ext_bus>(NX_EXT_BUS)), host_(host.raw()) {
    if (bus_ != nullptr) number_ = bus_->topic(host_, to_nx(name));
  }
  // Never blocks. Entries as TreeArena::entry() makes them, or with keys that live for the call.
  Status publish(std::span<const nx_kv> entries, bool retain = false) const {
    if (number_ == 0) return Status(NX_ERR_UNSUPPORTED, "no such topic, or no event bus");
    nx_value payload{};
    payload.type = NX_TABLE;
    payload.len = static_cast<std::uint32_t>(entries.size());
    payload.u.entries = entries.data();
    const std::uint32_t flags = retain ? static_cast<std::uint32_t>(NX_PUB_RETAIN) : 0u;
    const nx_status status = bus_->publish(host_, number_, &payload, flags);
    return status < 0 ? Status(status, "the event was not published") : Status();
  }

 private:
  const nx_ext_bus* bus_ = nullptr;
  const nx_host* host_ = nullptr;
  std::uint32_t number_ = 0;
};

// A component that offers nothing and lives on host services.
template <class T>
struct Listener {
  static const nx_component* component() {
    static const nx_component component = describe<T>({});
    return &component;
  }
};

}  // namespace narthex::sdk
