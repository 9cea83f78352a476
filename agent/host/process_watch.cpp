// SPDX-License-Identifier: Apache-2.0
// process_watch.cpp - the watcher of a plugin's process: what it says on its own, its end, and its
// next life.
#include "host/process_instance.hpp"

#include "host/host_context.hpp"
#include "host/wire_data.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>

namespace narthex::host {
namespace {

constexpr std::int64_t kFirstDelayMs = 500;
constexpr std::int64_t kDelayMaxMs = 60'000;
constexpr std::int64_t kLongLifeNs = 60'000'000'000;  // after it the delays begin anew
constexpr std::int64_t kNewsMs = 10'000;              // for the rest of a message that has begun

}  // namespace

void ProcessInstance::watch() {
  while (!stopping_.load()) {
    std::shared_ptr<ChildProcess> child;
    {
      const std::lock_guard lock(calls_mutex_);
      child = child_;
    }
    if (child != nullptr) hear(*child);
    if (stopping_.load()) return;
    std::int64_t delay_ms = 0;
    {
      const std::lock_guard lock(calls_mutex_);
      if (stopping_.load()) return;
      if (child != nullptr && child_ == child) lose_waiting();
      const bool long_life =
          owner_.context().clock.mono_ns() - life_begun_ns_ > kLongLifeNs && life_begun_ns_ != 0;
      if (long_life) losses_ = 1;
      life_begun_ns_ = 0;
      delay_ms = std::min(kDelayMaxMs, kFirstDelayMs << std::clamp(losses_ - 1, 0, 10));
    }
    serve_ahead();
    if (!wait_ms(delay_ms)) return;
    if (const Status status = revive(); !status.ok()) {
      owner_.context().log.error("plugin process did not start again",
                                 {{"instance", owner_.name()}, {"err", status.message()}});
    }
  }
}

// Until the process has ended or the watcher is to end.
void ProcessInstance::hear(ChildProcess& child) {
  while (!stopping_.load()) {
    std::array<pollfd, 2> waited = {pollfd{child.news().descriptor(), POLLIN, 0},
                                    pollfd{wake_, POLLIN, 0}};
    if (!child.news().ahead()) {
      const int ready = ::poll(waited.data(), waited.size(), until_give_up_ms());
      if (ready < 0) continue;
      eventfd_t ignored = 0;
      if (waited[1].revents != 0) (void)::eventfd_read(wake_, &ignored);
      if (waited[0].revents == 0) {
        serve_ahead();
        continue;
      }
    }
    const Result<Envelope> envelope = child.news().receive(kNewsMs);
    if (!envelope.ok()) return;
    if (envelope->kind == Message::kAnswered) {
      serve_ahead();
    } else {
      take_news(*envelope);
    }
  }
}

void ProcessInstance::take_news(const Envelope& envelope) {
  WireReader in(envelope.body);
  if (envelope.kind == Message::kHealth) {
    const auto health = in.number<std::int32_t>();
    const std::string_view reason = in.text();
    if (in.ok()) owner_.set_health(health, reason);
    return;
  }
  const nx_discovery_sink* const sink = sink_.load();
  if (sink == nullptr) return;
  if (envelope.kind == Message::kSynced) return sink->synced(sink);
  if (envelope.kind != Message::kGroups) return;
  WireArrays arrays;
  const std::vector<nx_target_group> groups = read_groups(in, arrays);
  if (!in.ok()) return;
  std::vector<const nx_target_group*> pointers;
  for (const nx_target_group& group : groups) pointers.push_back(&group);
  // What is refused keeps the old targets, as it does in the agent; the plugin does not hear of it.
  (void)sink->update(sink, pointers.data(), static_cast<std::uint32_t>(pointers.size()), nullptr);
}

// False: the watcher is to end.
bool ProcessInstance::wait_ms(std::int64_t ms) {
  const std::int64_t end_ns = owner_.context().clock.mono_ns() + ms * 1'000'000;
  while (!stopping_.load()) {
    const std::int64_t left_ms = (end_ns - owner_.context().clock.mono_ns()) / 1'000'000;
    if (left_ms <= 0) return true;
    pollfd waited{wake_, POLLIN, 0};
    (void)::poll(&waited, 1, static_cast<int>(left_ms));
    eventfd_t ignored = 0;
    if (waited.revents != 0) (void)::eventfd_read(wake_, &ignored);
  }
  return false;
}

Status ProcessInstance::revive() {
  const std::lock_guard lock(calls_mutex_);
  if (stopping_.load() || child_ != nullptr) return Status();
  Status status = launch();
  if (status.ok()) status = begin_life();
  if (status.ok()) {
    owner_.count_restart();
    owner_.set_health(NX_HEALTH_OK, {});
    owner_.context().log.info("plugin process runs again", {{"instance", owner_.name()}});
    return status;
  }
  ++losses_;
  if (child_ != nullptr) {
    (void)child_->end(0);
    child_ = nullptr;
    pid_.store(0);
  }
  down_reason_ = status.message();
  return status;
}

}  // namespace narthex::host
