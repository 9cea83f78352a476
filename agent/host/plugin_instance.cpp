// SPDX-License-Identifier: Apache-2.0
// plugin_instance.cpp - the life cycle. The guard is in instance_guard.cpp, what it shows in
// instance_view.cpp.
#include "host/plugin_instance.hpp"

#include "host/bus_service.hpp"
#include "host/http_service.hpp"
#include "host/interfaces.hpp"
#include "host/metrics_service.hpp"
#include "host/tasks_service.hpp"

#include <narthex/sdk/text.hpp>

#include <utility>

namespace narthex::host {
namespace {

constexpr std::int64_t kControlDeadlineMs = 30'000;
constexpr std::int64_t kShutDownMs = 5'000;

// A function of a component that this plugin is new enough to have, and has.
#define NARTHEX_COMPONENT_FN(component, field) \
  (NX_HAS_FN(component, nx_component, field) ? (component)->field : nullptr)

}  // namespace

PluginInstance::PluginInstance(std::shared_ptr<HostContext> context, Parts parts)
    : context_(std::move(context)),
      parts_(std::move(parts)),
      component_name_(parts_.component != nullptr ? narthex::view(parts_.component->name)
                                                  : std::string_view()),
      host_(make_host_object(*this)),
      tasks_(std::make_unique<InstanceTasks>(*this)),
      http_(std::make_unique<InstanceHttp>(*this)),
      metrics_(std::make_unique<InstanceMetrics>(*this)),
      events_(std::make_unique<InstanceBus>(*this)),
      since_ms_(context_->clock.now_ms()) {}

PluginInstance::~PluginInstance() = default;

std::shared_ptr<PluginInstance> PluginInstance::make(std::shared_ptr<HostContext> context,
                                                     Parts parts) {
  auto made = std::make_unique<PluginInstance>(std::move(context), std::move(parts));
  return {made.release(), [](PluginInstance* instance) {
            instance->shut_down();
            // A thread that hangs in the plugin still uses it: left where it is, for ever.
            if (!instance->hangs()) std::default_delete<PluginInstance>()(instance);
          }};
}

const void* PluginInstance::table(std::string_view interface_id) const {
  return interface_table(*parts_.component, interface_id);
}

CallSite PluginInstance::site(const char* entry, std::int64_t deadline_ms) {
  const EntryRule rule = entry_rule(entry);
  CallSite made{.entry = entry,
                .deadline_ms = deadline_ms,
                .stats = nullptr,
                .serial = rule.serial && !concurrent(),
                .gated = rule.gated,
                .control = rule.control};
  const std::lock_guard lock(mutex_);
  for (const auto& known : stats_) {
    if (known->entry == entry && known->deadline_ms == deadline_ms) made.stats = known;
  }
  if (made.stats == nullptr) {
    made.stats = stats_.emplace_back(std::make_shared<CallStats>(entry, deadline_ms));
  }
  return made;
}

CallSite PluginInstance::control_site(const char* entry) {
  CallSite made = site(entry, kControlDeadlineMs);
  made.control = true;
  return made;
}

Status PluginInstance::control(const char* entry, const std::function<nx_status(nx_error*)>& f) {
  return call(control_site(entry), [&](void*, nx_error* err) { return f(err); });
}

bool PluginInstance::concurrent() const {
  return parts_.component != nullptr && (parts_.component->flags & NX_COMPONENT_CONCURRENT) != 0;
}

Status PluginInstance::load(const nx_plugin* plugin) {
  if (!NX_HAS_FN(plugin, nx_plugin, load)) return Status();
  return control("load", [&](nx_error* err) { return plugin->load(&host_, err); });
}

void PluginInstance::unload(const nx_plugin* plugin) {
  if (!NX_HAS_FN(plugin, nx_plugin, unload)) return;
  (void)control("unload", [&](nx_error*) {
    plugin->unload();
    return NX_OK;
  });
}

Status PluginInstance::validate(const ConfigTree& config) {
  const auto validate = NARTHEX_COMPONENT_FN(parts_.component, validate);
  if (validate == nullptr) return Status();
  checked_ = &config;
  Status status =
      control("validate", [&](nx_error* err) { return validate(&host_, &config.root, err); });
  checked_ = nullptr;
  return status;
}

Status PluginInstance::create() {
  const auto create = NARTHEX_COMPONENT_FN(parts_.component, create);
  created_ = true;
  if (create == nullptr) return Status();
  checked_ = parts_.config.get();
  Status status = control(
      "create", [&](nx_error* err) { return create(&host_, &parts_.config->root, &self_, err); });
  checked_ = nullptr;
  if (!status.ok()) {
    created_ = false;
    self_ = nullptr;
    set_state(State::kFailed, status.message());
  }
  return status;
}

Status PluginInstance::start() {
  if (hangs()) return {NX_ERR_PRECONDITION, name() + ": a call of it never came back"};
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kRunning) return Status();
    again = generation_ != 0;
  }
  if (!created_) return {NX_ERR_PRECONDITION, name() + ": was never created"};
  tasks_->open();
  http_->open();
  Status status;
  if (const auto start = NARTHEX_COMPONENT_FN(parts_.component, start)) {
    status = control("start", [&](nx_error* err) { return start(self_, err); });
  }
  if (!status.ok()) close_services(context_->clock.mono_ns() + kShutDownMs * 1'000'000);
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    if (again) ++restarts_;
  }
  set_state(status.ok() ? State::kRunning : State::kFailed, status.message());
  return status;
}

void PluginInstance::close_services(std::int64_t deadline_mono_ns) {
  events_->close();
  const bool answered = http_->close(deadline_mono_ns);
  const bool quiet = tasks_->close(deadline_mono_ns);
  if (answered && quiet) return;
  abandoned_.store(true);
  context_->log.error("plugin instance does not come to rest", {{"instance", name()}});
}

void PluginInstance::stop(std::int64_t deadline_mono_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kRunning) return;
  }
  close_services(deadline_mono_ns);
  const auto stop = NARTHEX_COMPONENT_FN(parts_.component, stop);
  // A thread that hangs in the plugin would hang stop() as well.
  if (stop != nullptr && !hangs()) {
    (void)control("stop", [&](nx_error*) {
      stop(self_, deadline_mono_ns);
      return NX_OK;
    });
  }
  set_state(State::kStopped);
}

Status PluginInstance::reconfigure(std::unique_ptr<ConfigTree> config) {
  const auto reconfigure = NARTHEX_COMPONENT_FN(parts_.component, reconfigure);
  if (reconfigure == nullptr) return {NX_ERR_UNSUPPORTED, name() + " cannot be reconfigured"};
  checked_ = config.get();
  Status status =
      control("reconfigure", [&](nx_error* err) { return reconfigure(self_, &config->root, err); });
  checked_ = nullptr;
  if (!status.ok()) return status;
  parts_.config = std::move(config);
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
  }
  announce();
  return status;
}

void PluginInstance::shut_down() {
  stop(context_->clock.mono_ns() + kShutDownMs * 1'000'000);
  if (!std::exchange(created_, false)) return;
  metrics_->close();
  if (hangs()) return;  // whoever hangs in there still uses it
  if (const auto destroy = NARTHEX_COMPONENT_FN(parts_.component, destroy)) {
    (void)control("destroy", [&](nx_error*) {
      destroy(self_);
      return NX_OK;
    });
  }
  self_ = nullptr;
  if (const std::uint64_t left = buffers_->count.load(); left != 0) {
    context_->log.info("buffers of a destroyed instance are still held",
                       {{"instance", name()}, {"buffers", left}});
  }
}

void PluginInstance::set_state(State state, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    state_reason_ = std::move(reason);
    since_ms_ = context_->clock.now_ms();
  }
  announce();
}

void PluginInstance::count_restart() {
  const std::lock_guard lock(mutex_);
  ++restarts_;
}

void PluginInstance::set_health(std::int32_t health, std::string_view reason) {
  {
    const std::lock_guard lock(mutex_);
    if (health == health_ && health_reason_ == reason) return;
    health_ = health;
    health_reason_ = reason;
    since_ms_ = context_->clock.now_ms();
  }
  announce();
  if (context_->on_health) context_->on_health(health, reason);
}

}  // namespace narthex::host
