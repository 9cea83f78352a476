// SPDX-License-Identifier: Apache-2.0
// instance.hpp - one instance of a component, and the guard around every call into it.
//
// Threads: call() from the contexts the ABI gives the function; start, stop and reconfigure from
// one thread at a time. The guard costs a thread-local store, two clock reads and a try block.
#pragma once

#include <narthex/plugin.h>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace narthex::host {

// One entry point of an instance, with what is counted about it. Made once, kept by the caller:
//   CallSite refresh_ = instance->site("narthex.discovery/1.refresh", 30'000);
struct CallStats;
struct CallSite {
  const char* entry = "";
  std::int64_t deadline_ms = 0;  // longer calls count as misses for the breaker; 0: none
  std::shared_ptr<CallStats> stats;
  // Set by site(), from what the ABI says about the entry.
  bool serial = false;   // waits while another serial call of the instance runs
  bool gated = false;    // begins work: refused while the breaker is open
  bool control = false;  // life cycle
};

// What the current thread is doing in whose code. Read by the crash journal.
struct CallFrame {
  const class Instance* instance = nullptr;
  const char* entry = nullptr;
  CallFrame* outer = nullptr;
  std::int64_t begun_ns = 0;
  std::int64_t deadline_ms = 0;
  std::int32_t watched = -1;  // slot of CallStats::begun_ns
  bool serial = false;        // holds the instance's serial gate
  bool control = false;
};

class Instance {
 public:
  virtual ~Instance();

  virtual const std::string& name() const = 0;       // "discovery.file#pods"
  virtual const std::string& component() const = 0;  // "file"
  virtual const std::string& plugin_id() const = 0;  // "discovery.file"
  virtual void* self() const = 0;                    // the plugin's instance pointer
  virtual const nx_host* host() const = 0;
  // The vtable of an interface, or nullptr.
  virtual const void* table(std::string_view interface_id) const = 0;
  // The configuration with defaults filled in; valid as long as the instance.
  virtual const nx_value& config() const = 0;

  virtual Status start() = 0;
  // Ends subscriptions, timers and tasks, then calls stop(). Safe to repeat.
  virtual void stop(std::int64_t deadline_mono_ns) = 0;
  virtual CallSite site(const char* entry, std::int64_t deadline_ms) = 0;
  // False while the breaker keeps the instance off (after a thrown exception, a broken contract, or
  // five missed deadlines in a row; tried again after 1, 2, 4 ... 60 minutes).
  virtual bool available() const = 0;

  // Calls f(self, &err) -> nx_status inside the guard and returns what it said as Status; a code
  // >= 0 (NX_END, NX_PARTIAL) comes back through `code` when that is given. While the breaker is
  // open, entries that begin work are not called: NX_ERR_UNAVAILABLE.
  template <class F>
  Status call(const CallSite& site, F&& f, nx_status* code = nullptr) {
    sdk::ErrorSlot err;
    CallFrame frame;
    frame.instance = this;
    frame.entry = site.entry;
    frame.outer = current_frame;
    frame.control = site.control;
    frame.deadline_ms = site.deadline_ms;
    if (!begin_call(site, frame)) return refusal(site);
    current_frame = &frame;
    nx_status returned = NX_ERR_INTERNAL;
    bool threw = false;
    try {
      returned = f(self(), &err);
    } catch (...) {
      threw = true;
    }
    current_frame = frame.outer;
    end_call(site, frame, returned, threw, err);
    if (threw) return thrown(site);
    if (code != nullptr) *code = returned;
    return err.status(returned);
  }

  // The instance behind a host object that a plugin passed back.
  static Instance& of(const nx_host* host) { return *static_cast<Instance*>(host->impl); }

  static constinit thread_local CallFrame* current_frame;

 protected:
  // False: the call must not be made; refusal() says why.
  virtual bool begin_call(const CallSite& site, CallFrame& frame) = 0;
  virtual void end_call(const CallSite& site, const CallFrame& frame, nx_status returned,
                        bool threw, const nx_error& err) = 0;
  virtual Status refusal(const CallSite& site) const = 0;
  virtual Status thrown(const CallSite& site) const = 0;
};

}  // namespace narthex::host
