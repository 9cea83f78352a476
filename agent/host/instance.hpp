// SPDX-License-Identifier: Apache-2.0
// instance.hpp - one instance of a component, and the guard around every call into it.
//
// Threads: call() from the contexts the ABI gives the function; start, stop and reconfigure from
// one thread at a time. The guard costs a thread-local store, two clock reads and a try block.
#pragma once

#include <narthex/plugin.h>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/result.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
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

// What no call may do, whatever it returns.
enum class Breach : std::uint8_t { kNone, kException, kWrotePast };
constexpr const char* text_of(Breach breach) {
  return breach == Breach::kException ? "threw an exception" : "wrote past the end of nx_error";
}

// An nx_error to lend, with a fence behind it: a plugin that takes the struct for a longer one, or
// its text for a larger one, damages nothing else, and is found. What reaches further than the
// fence is a crash, which the stack protector makes of it.
class FencedError {
 public:
  FencedError() { fence_.fill(kFence); }
  nx_error* raw() { return &err_; }
  const sdk::ErrorSlot& slot() const { return err_; }
  bool broken() const {
    // As the compiler cannot know who wrote there.
    const volatile std::uint64_t* at = fence_.data();
    std::uint64_t damage = 0;
    for (std::size_t i = 0; i < fence_.size(); ++i) damage |= at[i] ^ kFence;
    return damage != 0;
  }

 private:
  static constexpr std::uint64_t kFence = 0x5ca1ab1e'0ddba11e;
  sdk::ErrorSlot err_;
  std::array<std::uint64_t, 16> fence_;
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
  // False while the breaker keeps the instance off (after a breach of the contract, or five missed
  // deadlines in a row; tried again after 1, 2, 4 ... 60 minutes).
  virtual bool available() const = 0;
  // In a process of its own: calls wait for that, up to their deadline.
  virtual bool apart() const { return false; }

  // An exporter in a process of its own can keep the time of its collections: at_ns (monotonic) it
  // begins with the one that the next call through `site` gets. `begun` is called once, with the
  // time when it began, on a thread that may be used for that call and what follows from it; or
  // with 0: this will not happen, call in time as ever. Not called any more once the instance was
  // stopped. `next_ns`: when another one is likely to be wanted.
  // False: the instance does not do this, at present or ever. Never waits.
  using Begun = std::function<void(std::int64_t begun_ns)>;
  virtual bool collect_at(const CallSite&, std::int64_t /*at_ns*/, std::int64_t /*next_ns*/,
                          Begun) {
    return false;
  }

  // Calls f(self, &err) -> nx_status inside the guard and returns what it said as Status; a code
  // >= 0 (NX_END, NX_PARTIAL) comes back through `code` when that is given. While the breaker is
  // open, entries that begin work are not called: NX_ERR_UNAVAILABLE.
  template <class F>
  Status call(const CallSite& site, F&& f, nx_status* code = nullptr) {
    FencedError err;
    CallFrame frame;
    frame.instance = this;
    frame.entry = site.entry;
    frame.outer = current_frame;
    frame.control = site.control;
    frame.deadline_ms = site.deadline_ms;
    if (!begin_call(site, frame)) return refusal(site);
    current_frame = &frame;
    nx_status returned = NX_ERR_INTERNAL;
    Breach breach = Breach::kNone;
    try {
      returned = f(self(), err.raw());
    } catch (...) {
      breach = Breach::kException;
    }
    current_frame = frame.outer;
    if (err.broken()) breach = Breach::kWrotePast;
    end_call(site, frame, returned, breach, err.slot());
    if (breach != Breach::kNone) return breached(site, breach);
    if (code != nullptr) *code = returned;
    return err.slot().status(returned);
  }

  // The instance behind a host object that a plugin passed back.
  static Instance& of(const nx_host* host) { return *static_cast<Instance*>(host->impl); }

  static constinit thread_local CallFrame* current_frame;

 protected:
  // False: the call must not be made; refusal() says why.
  virtual bool begin_call(const CallSite& site, CallFrame& frame) = 0;
  virtual void end_call(const CallSite& site, const CallFrame& frame, nx_status returned,
                        Breach breach, const nx_error& err) = 0;
  virtual Status refusal(const CallSite& site) const = 0;
  virtual Status breached(const CallSite& site, Breach breach) const = 0;
};

}  // namespace narthex::host
