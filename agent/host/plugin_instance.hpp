// SPDX-License-Identifier: Apache-2.0
// plugin_instance.hpp - an instance of a component: life cycle, what it has of the host, what is
// known about its calls, and whether it is let in.
//
//   created --start()--> running --stop()--> stopped --start()--> running ...   any --> destroyed
//
// A call that never comes back leaves the instance alive for ever: its thread still runs in there.
// Threads: as Instance says; services and view() from any thread.
#pragma once

#include "host/breaker.hpp"
#include "host/call_stats.hpp"
#include "host/config_tree.hpp"
#include "host/host_buffers.hpp"
#include "host/host_context.hpp"
#include "host/instance.hpp"
#include "host/library.hpp"
#include "host/rate_window.hpp"
#include "host/timed_mutex.hpp"
#include "host/view.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

class InstanceTasks;
class InstanceHttp;
class InstanceMetrics;
class InstanceBus;

class PluginInstance final : public Instance {
 public:
  struct Parts {
    std::shared_ptr<const Library> library;
    const nx_component* component = nullptr;  // null: the host object that load() gets
    std::string name;
    std::unique_ptr<ConfigTree> config;
  };
  // The instance shuts down with its last reference.
  static std::shared_ptr<PluginInstance> make(std::shared_ptr<HostContext> context, Parts parts);
  PluginInstance(std::shared_ptr<HostContext> context, Parts parts);
  ~PluginInstance() override;

  // ---- Instance ----
  const std::string& name() const override { return parts_.name; }
  const std::string& component() const override { return component_name_; }
  const std::string& plugin_id() const override { return parts_.library->id(); }
  void* self() const override { return self_; }
  const nx_host* host() const override { return &host_; }
  const void* table(std::string_view interface_id) const override;
  const nx_value& config() const override { return parts_.config->root; }
  Status start() override;
  void stop(std::int64_t deadline_mono_ns) override;
  CallSite site(const char* entry, std::int64_t deadline_ms) override;
  bool available() const override;
  bool apart() const override { return parts_.library->isolated(); }
  bool collect_at(const CallSite& site, std::int64_t at_ns, std::int64_t next_ns,
                  Begun begun) override;

  // ---- life cycle, by the plugin host ----
  Status load(const nx_plugin* plugin);
  void unload(const nx_plugin* plugin);
  Status validate(const ConfigTree& config);
  Status create();
  Status reconfigure(std::unique_ptr<ConfigTree> config);
  // Stops and destroys the plugin's side; nothing is called after it. Safe to repeat.
  void shut_down();
  // Whether a thread may still be in the plugin with this instance.
  bool hangs() const noexcept { return hung_.load() != 0 || abandoned_.load(); }

  // ---- for an instance whose plugin runs in a process of its own ----
  const Library& library() const { return *parts_.library; }
  const nx_component* raw_component() const { return parts_.component; }
  // The tree of the life cycle call under way, else the one in force.
  const ConfigTree* tree() const { return checked_ != nullptr ? checked_ : parts_.config.get(); }
  void set_process(std::int64_t pid) { process_.store(pid); }
  std::int64_t process() const { return process_.load(); }
  void count_restart();

  const std::string& plugin_version() const { return parts_.library->facts().version; }
  InstanceView view() const;
  std::vector<std::shared_ptr<const CallStats>> stats() const;
  // For the watchdog: writes off calls past their hard deadline. True: a watched call is in flight.
  bool look_for_hung_calls(std::int64_t mono_ns);

  // ---- for the host services ----
  HostContext& context() const { return *context_; }
  const std::shared_ptr<BufferAccount>& buffers() const { return buffers_; }
  bool concurrent() const;
  // Whether a call of this instance is on the current thread's stack.
  bool inside() const noexcept;
  void log(std::int32_t level, std::string_view text, std::span<const nx_kv> fields);
  void set_health(std::int32_t health, std::string_view reason);
  nx_status config_error(const nx_value* where, std::string_view text, nx_error* err) const;
  // Null in load() and validate(), where there is nothing that could stop them.
  InstanceTasks& tasks() { return *tasks_; }
  InstanceHttp& http() { return *http_; }
  InstanceMetrics& metrics() { return *metrics_; }
  InstanceBus& events() { return *events_; }

 protected:
  bool begin_call(const CallSite& site, CallFrame& frame) override;
  void end_call(const CallSite& site, const CallFrame& frame, nx_status returned, Breach breach,
                const nx_error& err) override;
  Status refusal(const CallSite& site) const override;
  Status breached(const CallSite& site, Breach breach) const override;

 private:
  enum class State { kCreated, kRunning, kStopped, kFailed };

  CallSite control_site(const char* entry);
  Status control(const char* entry, const std::function<nx_status(nx_error*)>& f);
  void watch(const CallSite& site, CallFrame& frame);
  void unwatch(const CallSite& site, const CallFrame& frame);
  void write_off(CallStats& stats, std::int64_t begun_ns, std::int64_t mono_ns);
  void judge(const CallSite& site, std::int64_t now_ns, std::int64_t duration_ns, Breach breach);
  void close_services(std::int64_t deadline_mono_ns);
  void set_state(State state, std::string reason = {});
  // Tells the bus what state() and health say now.
  void announce() const;
  struct Standing {
    std::string state, health, reason;
  };
  Standing standing() const;

  const std::shared_ptr<HostContext> context_;
  Parts parts_;
  const std::string component_name_;
  const std::shared_ptr<BufferAccount> buffers_ = std::make_shared<BufferAccount>();
  nx_host host_{};
  void* self_ = nullptr;
  bool created_ = false;
  std::unique_ptr<InstanceTasks> tasks_;
  std::unique_ptr<InstanceHttp> http_;
  std::unique_ptr<InstanceMetrics> metrics_;
  std::unique_ptr<InstanceBus> events_;
  const ConfigTree* checked_ = nullptr;  // the tree of the life cycle call under way

  Breaker breaker_;
  // Lets one [worker] call pass at a time where the component asks for it. Held across a call into
  // a plugin, the only one that is: nothing the host does for the plugin takes it, nested calls of
  // the same thread skip it, and waiting for it is bounded.
  TimedMutex serial_;
  RateWindow log_rate_{200, 10'000};
  std::atomic<int> hung_{0};              // calls that were written off and have not come back
  std::atomic<std::int64_t> process_{0};  // id of its own process; 0: none
  std::atomic<bool> abandoned_{false};    // something of it could not be stopped

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<std::shared_ptr<CallStats>> stats_;
  State state_ = State::kCreated;
  std::string state_reason_;
  std::int32_t health_ = NX_HEALTH_OK;
  std::string health_reason_;
  std::int64_t since_ms_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t restarts_ = 0;
};

// The host object of an instance.
nx_host make_host_object(PluginInstance& instance);

}  // namespace narthex::host
