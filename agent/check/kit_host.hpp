// SPDX-License-Identifier: Apache-2.0
// kit_host.hpp - the nx_host of an instance under test. It offers every service of host.h and
// event.h, in a small deterministic form, and watches how they are used: context, phase of the life
// cycle, what is given back. It can deny all services, and let the n-th call fail.
//
// Callbacks (tasks, timers, watches, answers, events) run in pump(), on the test's thread. All else
// may be called from every thread.
#pragma once

#include "check/borrow.hpp"
#include "check/reporter.hpp"

#include <narthex/event.h>
#include <narthex/host.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::check {

struct HostPlan {
  Borrow::Mode mode;
  bool deny = false;          // services that the component does not need are absent
  std::uint64_t fail_at = 0;  // the number of the host call that fails, from 1; 0: none
  std::vector<std::string> needs;
};

enum class Phase { kIdle, kCreating, kCreated, kRunning, kStopping, kStopped, kGone };

// The context of the calling thread; FOREIGN unless the kit has said otherwise.
int thread_kind();
class OnThread {
 public:
  explicit OnThread(int kind);
  ~OnThread();
  OnThread(const OnThread&) = delete;
  OnThread& operator=(const OnThread&) = delete;

 private:
  const int before_;
};

enum class HttpAnswer { kOk, kServerError, kBadRequest, kDown };

class KitHost {
 public:
  KitHost(Reporter& report, HostPlan plan, std::string instance);
  ~KitHost();
  KitHost(const KitHost&) = delete;
  KitHost& operator=(const KitHost&) = delete;

  const nx_host* raw() const { return raw_; }
  static KitHost& of(const nx_host* host) { return *static_cast<KitHost*>(host->impl); }
  Reporter& report() { return report_; }
  const HostPlan& plan() const { return plan_; }

  void set_phase(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }
  // Runs what is due, so often.
  void pump(int rounds = 1);
  // What the agent does before stop(): cancels everything, answers what is under way.
  void end_callbacks();
  // Reports buffers that are still held.
  void audit_buffers();
  // A body lent to the plugin: read-only at once. The caller releases it.
  nx_buffer* make_body(std::string_view bytes);

  // Host calls that could have failed so far; said: every text the plugin showed to anybody (of
  // guarded hosts: others keep nothing, so that what grows is the plugin).
  std::uint64_t calls() const { return calls_; }
  std::vector<std::string> said() const;
  std::uint64_t http_requests() const { return http_requests_; }
  std::uint64_t rows_appended() const { return rows_; }
  HttpAnswer http_answer = HttpAnswer::kOk;
  std::string http_body = "[]";
  std::function<void(const nx_sample_batch&)> on_batch;  // of the append service

  // --- for the services ---
  // Checks context (bits 1 << NX_THREAD_*) and phase; `work`: only between start and stop.
  void enter(const char* what, unsigned contexts, bool work = false);
  bool fails();  // this call is the one that is to fail
  void say(std::string_view text);
  struct Task {
    nx_task_fn fn;
    void* user;
    int kind;
  };
  struct Timer {
    Task task;
    bool once = false;
    bool on = true;
  };
  struct Answer {
    nx_http_done done;
    void* user;
  };
  struct Subscription {
    std::string pattern;
    nx_event_fn fn;
    void* user;
    int kind;
    bool on = true;
  };
  nx_status post(Task task);
  Timer* add_timer(Task task, bool once);
  void stop_timer(Timer* timer);
  void watch(std::string path, Task task);
  void answer_later(Answer answer);
  void answer(const Answer& to, bool cancelled);
  void count_request() { ++http_requests_; }
  Subscription* subscribe(Subscription subscription);
  void unsubscribe(Subscription* subscription);
  std::uint32_t topic(std::string_view name);
  double* cell();
  std::uint64_t reference(std::string_view labels);
  void count_rows(std::uint64_t rows) { rows_ += rows; }
  std::mutex& mutex() { return mutex_; }
  std::map<std::string, std::string>& state() { return state_; }

 private:
  struct Buffer;
  void forget(const nx_buffer* buffer);
  nx_buffer* make_buffer(std::size_t size, std::string_view content, bool sealed);
  void run(const Task& task);
  void deliver(const Subscription& to);
  template <class Each, class List>
  void run_all(const List& list, const Each& each);
  static void fill(nx_host& host, KitHost& kit);

  Reporter& report_;
  const HostPlan plan_;
  const std::string instance_;
  Borrow life_;
  const nx_host* raw_ = nullptr;
  std::atomic<Phase> phase_{Phase::kIdle};
  std::atomic<std::uint64_t> calls_{0}, http_requests_{0}, rows_{0};

  mutable std::mutex mutex_;  // guards what follows; never held while the plugin runs
  std::vector<std::string> said_;
  std::vector<Task> tasks_;
  std::deque<Timer> timers_;
  std::map<std::string, Task> watches_;
  std::vector<Answer> answers_;
  std::deque<Subscription> subscriptions_;
  std::map<std::string, std::uint32_t, std::less<>> topics_;
  std::deque<double> cells_;
  std::map<std::string, std::uint64_t, std::less<>> references_;
  std::map<std::string, std::string> state_;
  std::map<const nx_buffer*, std::unique_ptr<Buffer>> buffers_;
};

// The table of a service; null: unknown.
const void* kit_service(std::string_view id);
bool is_known_service(std::string_view id);

// What a service in a file of its own offers.
const nx_ext_tasks& tasks_table();
const nx_ext_http& http_table();
const nx_ext_text& text_table();
const nx_ext_metrics& metrics_table();
const nx_ext_gather& gather_table();
const nx_ext_append& append_table();
const nx_ext_state& state_table();
const nx_ext_bus& bus_table();

inline constexpr unsigned kAnyContext = ~0u;
inline constexpr unsigned kControlContext = 1u << NX_THREAD_CONTROL;
inline constexpr unsigned kWorkerContext = 1u << NX_THREAD_WORKER;

}  // namespace narthex::check
