// SPDX-License-Identifier: Apache-2.0
// instance.hpp - one instance of a component, and the guard around every call into it.
//
// Threads: call() from the contexts the ABI gives the function; start, stop and reconfigure from one
// thread at a time. The guard costs a thread-local store, two clock reads and a try block.
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
};

// What the current thread is doing in whose code. Read by the crash journal.
struct CallFrame {
  const class Instance* instance = nullptr;
  const char* entry = nullptr;
  CallFrame* outer = nullptr;
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
  // >= 0 (NX_END, NX_PARTIAL) comes back through `code` when that is given.
  template <class F>
  Status call(const CallSite& site, F&& f, nx_status* code = nullptr) {
    sdk::ErrorSlot err;
    CallFrame frame{this, site.entry, current_frame};
    current_frame = &frame;
    const std::int64_t begun_ns = begin_call();
    nx_status returned = NX_ERR_INTERNAL;
    bool threw = false;
    try {
      returned = f(self(), &err);
    } catch (...) {
      threw = true;
    }
    current_frame = frame.outer;
    end_call(site, begun_ns, returned, threw, err);
    if (threw) return thrown(site);
    if (code != nullptr) *code = returned;
    return err.status(returned);
  }

  // The instance behind a host object that a plugin passed back.
  static Instance& of(const nx_host* host) { return *static_cast<Instance*>(host->impl); }

  static thread_local CallFrame* current_frame;

 protected:
  virtual std::int64_t begin_call() = 0;
  virtual void end_call(const CallSite& site, std::int64_t begun_ns, nx_status returned, bool threw,
                        const nx_error& err) = 0;
  virtual Status thrown(const CallSite& site) = 0;
};

}  // namespace narthex::host
