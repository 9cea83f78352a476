// SPDX-License-Identifier: Apache-2.0
#include "recovery_watch.hpp"

#include <string>

namespace narthex {

namespace {

// More than one flush in the midst of a recovery takes.
constexpr std::int64_t kMoreTimeMs = 120'000;

}  // namespace

RecoveryWatch::RecoveryWatch(bus::Bus& bus, const runtime::ServiceNotifier& notifier,
                             api::AgentStatus& status)
    : notifier_(notifier), status_(status) {
  bus::SubscribeOptions options;
  options.subscriber = "agent";
  options.queue_max = 16;
  options.retained = true;
  auto subscribed =
      bus.subscribe("storage.>", options, [this](std::span<const bus::Delivery> deliveries) {
        for (const bus::Delivery& delivery : deliveries) take(*delivery.event);
      });
  if (subscribed.ok()) subscription_ = *std::move(subscribed);
}

void RecoveryWatch::started() {
  const std::lock_guard lock(mutex_);
  starting_ = false;
}

void RecoveryWatch::take(const bus::Event& event) {
  if (!event.topic_name.ends_with(".recovery")) return;
  const sdk::Value payload(&event.payload);
  api::ReplayStatus replay;
  replay.min = payload["min"].get<std::int64_t>();
  replay.max = payload["max"].get<std::int64_t>();
  replay.current = payload["current"].get<std::int64_t>();
  status_.set_replay(replay);
  const auto done = payload["bytes_done"].get<std::int64_t>();
  const auto total = payload["bytes_total"].get<std::int64_t>();
  if (payload["done"].get<bool>() || replay.max == 0) return;
  const std::lock_guard lock(mutex_);
  if (!starting_) return;
  const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  notifier_.starting("recovering: segment " + std::to_string(replay.current) + " of " +
                         std::to_string(replay.min) + " to " + std::to_string(replay.max) + ", " +
                         std::to_string(static_cast<int>(100 * part)) + " %",
                     kMoreTimeMs);
}

}  // namespace narthex
