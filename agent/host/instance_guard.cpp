// SPDX-License-Identifier: Apache-2.0
// instance_guard.cpp - the agent's half of the border: who is let in, what a call cost, and what
// follows from it.
#include "host/plugin_instance.hpp"

#include "host/process_component.hpp"
#include "host/utf8.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kSerialWaitMs = 60'000;  // for entries without a deadline

}  // namespace

bool PluginInstance::inside() const noexcept {
  for (const CallFrame* frame = current_frame; frame != nullptr; frame = frame->outer) {
    if (frame->instance == this) return true;
  }
  return false;
}

bool PluginInstance::available() const {
  return hung_.load(std::memory_order_relaxed) == 0 && breaker_.allows(context_->clock.mono_ns());
}

bool PluginInstance::collect_at(const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                                Begun begun) {
  if (!library().isolated() || self_ == nullptr || !available()) return false;
  return process_collect_at(self_, site, at_ns, next_ns, std::move(begun));
}

bool PluginInstance::begin_call(const CallSite& site, CallFrame& frame) {
  frame.begun_ns = context_->clock.mono_ns();
  if (site.gated &&
      (hung_.load(std::memory_order_relaxed) != 0 || !breaker_.allows(frame.begun_ns))) {
    return false;
  }
  if (site.serial && !inside()) {
    const std::int64_t wait_ms = site.deadline_ms > 0 ? site.deadline_ms : kSerialWaitMs;
    if (!serial_.try_lock_for(std::chrono::milliseconds(wait_ms))) return false;
    frame.serial = true;
    frame.begun_ns = context_->clock.mono_ns();
  }
  if (site.deadline_ms > 0) watch(site, frame);
  return true;
}

void PluginInstance::end_call(const CallSite& site, const CallFrame& frame, nx_status returned,
                              Breach breach, const nx_error& err) {
  if (frame.watched >= 0) unwatch(site, frame);
  if (frame.serial) serial_.unlock();
  const std::int64_t now_ns = context_->clock.mono_ns();
  const std::int64_t duration_ns = std::max<std::int64_t>(0, now_ns - frame.begun_ns);
  site.stats->count(duration_ns);
  if (breach != Breach::kNone) {
    auto& count = breach == Breach::kException ? site.stats->exceptions : site.stats->errors;
    count.fetch_add(1, std::memory_order_relaxed);
    site.stats->set_last_error(text_of(breach));
  } else if (returned < 0) {
    site.stats->errors.fetch_add(1, std::memory_order_relaxed);
    const std::size_t size = std::min<std::size_t>(err.text_len, NX_ERROR_TEXT);
    site.stats->set_last_error(as_utf8(std::string_view(err.text, size)));
  }
  judge(site, now_ns, duration_ns, breach);
}

void PluginInstance::judge(const CallSite& site, std::int64_t now_ns, std::int64_t duration_ns,
                           Breach breach) {
  bool changed = false;
  if (breach != Breach::kNone) {
    changed = breaker_.trip(now_ns, std::string(site.entry) + ' ' + text_of(breach));
    context_->log.error(std::string("plugin ") + text_of(breach),
                        {{"instance", name()}, {"entry", site.entry}});
  } else if (site.deadline_ms > 0 && duration_ns > site.deadline_ms * 1'000'000) {
    site.stats->deadline_misses.fetch_add(1, std::memory_order_relaxed);
    changed = !site.control && breaker_.miss(now_ns, site.entry);
  } else if (breaker_.success(now_ns)) {
    context_->log.info("plugin instance is in use again", {{"instance", name()}});
    announce();
  }
  if (!changed) return;
  context_->log.error("plugin instance switched off for a while",
                      {{"instance", name()}, {"reason", breaker_.reason()}});
  announce();
}

void PluginInstance::watch(const CallSite& site, CallFrame& frame) {
  const std::int64_t begun = std::max<std::int64_t>(1, frame.begun_ns);
  for (std::size_t i = 0; i < CallStats::kWatchedMax; ++i) {
    std::int64_t free = 0;
    if (site.stats->begun_ns[i].load(std::memory_order_relaxed) != 0) continue;
    if (!site.stats->begun_ns[i].compare_exchange_strong(free, begun)) continue;
    frame.watched = static_cast<std::int32_t>(i);
    context_->watchdog.arm();
    return;
  }
}

void PluginInstance::unwatch(const CallSite& site, const CallFrame& frame) {
  const auto slot = static_cast<std::size_t>(frame.watched);
  // Negative: it was written off.
  if (site.stats->begun_ns[slot].exchange(0) > 0) return;
  hung_.fetch_sub(1);
  context_->log.warn("a call that was written off has come back",
                     {{"instance", name()}, {"entry", site.entry}});
  announce();
}

bool PluginInstance::look_for_hung_calls(std::int64_t mono_ns) {
  std::vector<std::shared_ptr<CallStats>> all;
  {
    const std::lock_guard lock(mutex_);
    all = stats_;
  }
  bool in_flight = false;
  for (const auto& stats : all) {
    for (auto& slot : stats->begun_ns) {
      std::int64_t begun = slot.load();
      if (begun <= 0) continue;
      in_flight = true;
      if (mono_ns - begun < Watchdog::hard_deadline_ns(stats->deadline_ms)) continue;
      if (slot.compare_exchange_strong(begun, -begun)) write_off(*stats, begun, mono_ns);
    }
  }
  return in_flight;
}

void PluginInstance::write_off(CallStats& stats, std::int64_t begun_ns, std::int64_t mono_ns) {
  hung_.fetch_add(1);
  const std::string text = "a call of " + stats.entry + " has not come back for " +
                           std::to_string((mono_ns - begun_ns) / 1'000'000'000) + " s";
  stats.set_last_error(text);
  (void)breaker_.trip(mono_ns, text);
  {
    const std::lock_guard lock(mutex_);
    since_ms_ = context_->clock.now_ms();
  }
  context_->log.error("plugin instance hangs and is written off",
                      {{"instance", name()}, {"reason", text}});
  announce();
}

Status PluginInstance::refusal(const CallSite& site) const {
  const std::string what = name() + ' ' + site.entry;
  const std::string reason = breaker_.reason();
  if (!reason.empty()) return {NX_ERR_UNAVAILABLE, what + ": switched off, since " + reason};
  return {NX_ERR_DEADLINE, what + ": another call of the instance is still running"};
}

Status PluginInstance::breached(const CallSite& site, Breach breach) const {
  return {NX_ERR_INTERNAL, name() + ' ' + site.entry + ": the plugin " + text_of(breach)};
}

}  // namespace narthex::host
