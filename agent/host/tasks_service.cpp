// SPDX-License-Identifier: Apache-2.0
#include "host/tasks_service.hpp"

#include "host/plugin_instance.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace narthex::host {
namespace {

constexpr std::size_t kTimersMax = 10'000;
constexpr std::size_t kPendingMax = 10'000;
constexpr std::int64_t kWorkerDeadlineMs = 60'000;
constexpr std::int64_t kIoDeadlineMs = 1'000;

}  // namespace

// What outlives the instance: tasks that are still in a queue come to a closed gate.
struct InstanceTasks::Gate {
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  bool open = false;
  std::size_t running = 0;
  std::size_t pending = 0;
  std::vector<std::shared_ptr<nx_timer>> timers;
  std::map<std::string, std::shared_ptr<void>, std::less<>> watches;
  std::unique_ptr<runtime::Strand> strand;  // of worker tasks; null: they may overlap

  bool enter() {
    const std::lock_guard lock(mutex);
    if (!open) return false;
    return ++running, true;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --running;
    changed.notify_all();
  }
};

InstanceTasks::InstanceTasks(PluginInstance& owner)
    : owner_(owner),
      executor_(owner.context().services.executor),
      gate_(std::make_shared<Gate>()) {}

InstanceTasks::~InstanceTasks() { (void)close(0); }

void InstanceTasks::open() {
  const std::lock_guard lock(gate_->mutex);
  gate_->open = true;
}

bool InstanceTasks::close(std::int64_t deadline_mono_ns) {
  std::vector<std::shared_ptr<nx_timer>> timers;
  std::map<std::string, std::shared_ptr<void>, std::less<>> watches;
  std::unique_ptr<runtime::Strand> strand;
  std::unique_lock lock(gate_->mutex);
  gate_->open = false;
  gate_->pending = 0;
  timers.swap(gate_->timers);
  watches.swap(gate_->watches);
  strand.swap(gate_->strand);
  for (const auto& timer : timers) {
    timer->stopped = true;
    timer->timer.cancel();
  }
  const std::int64_t left_ns = deadline_mono_ns - executor_.clock().mono_ns();
  const auto until = std::chrono::system_clock::now() +
                     std::chrono::nanoseconds(std::max<std::int64_t>(0, left_ns));
  const std::size_t own = owner_.inside() ? 1 : 0;
  const bool quiet = gate_->changed.wait_until(lock, until, [&] { return gate_->running <= own; });
  lock.unlock();
  // The strand would wait without a bound for a callback that hangs; its object is the price then.
  if (!quiet) (void)strand.release();
  return quiet;
}

bool InstanceTasks::run_soon(std::int32_t io, std::function<void()> work) {
  auto task = [gate = gate_, run = std::move(work)] {
    if (!gate->enter()) return;
    {
      const std::lock_guard lock(gate->mutex);
      if (gate->pending > 0) --gate->pending;
    }
    run();
    gate->leave();
  };
  const std::lock_guard lock(gate_->mutex);
  if (!gate_->open || gate_->pending >= kPendingMax) return false;
  ++gate_->pending;
  if (io != 0 || owner_.concurrent()) {
    executor_.post(io != 0 ? runtime::Pool::kIo : runtime::Pool::kWorker, std::move(task));
    return true;
  }
  if (gate_->strand == nullptr) {
    gate_->strand = std::make_unique<runtime::Strand>(executor_, runtime::Pool::kWorker);
  }
  gate_->strand->post(std::move(task));
  return true;
}

void InstanceTasks::call(std::int32_t io, nx_task_fn fn, void* user) {
  const CallSite site = io != 0 ? owner_.site("tasks.io_callback", kIoDeadlineMs)
                                : owner_.site("tasks.callback", kWorkerDeadlineMs);
  (void)owner_.call(site, [&](void*, nx_error*) {
    fn(user);
    return NX_OK;
  });
}

nx_status InstanceTasks::post(std::int32_t io, nx_task_fn fn, void* user) {
  if (fn == nullptr) return NX_ERR_INVALID_ARGUMENT;
  {
    const std::lock_guard lock(gate_->mutex);
    if (!gate_->open) return NX_ERR_PRECONDITION;
  }
  return run_soon(io, [this, io, fn, user] { call(io, fn, user); }) ? NX_OK : NX_ERR_EXHAUSTED;
}

nx_status InstanceTasks::timer_start(std::int32_t io, std::uint64_t delay_ms,
                                     std::uint64_t period_ms, nx_task_fn fn, void* user,
                                     nx_timer** out) {
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 42;  // ms; more would overflow ns
  if (fn == nullptr || out == nullptr || delay_ms > kLongest || period_ms > kLongest) {
    return NX_ERR_INVALID_ARGUMENT;
  }
  auto timer = std::make_shared<nx_timer>();
  timer->io = io;
  timer->period_ns = static_cast<std::int64_t>(period_ms) * 1'000'000;
  timer->due_ns = executor_.clock().mono_ns() + static_cast<std::int64_t>(delay_ms) * 1'000'000;
  timer->fn = fn;
  timer->user = user;
  const std::lock_guard lock(gate_->mutex);
  if (!gate_->open) return NX_ERR_PRECONDITION;
  if (gate_->timers.size() >= kTimersMax) return NX_ERR_EXHAUSTED;
  gate_->timers.push_back(timer);
  *out = timer.get();
  arm(timer);
  return NX_OK;
}

// REQUIRES: the gate's mutex held.
void InstanceTasks::arm(const std::shared_ptr<nx_timer>& timer) {
  const runtime::Pool pool = timer->io != 0 ? runtime::Pool::kIo : runtime::Pool::kWorker;
  timer->timer = executor_.at(timer->due_ns, pool, [this, gate = gate_, timer] {
    if (!gate->enter()) return;
    tick(timer);
    gate->leave();
  });
}

// REQUIRES: within the gate, so that `this` is alive.
void InstanceTasks::tick(const std::shared_ptr<nx_timer>& timer) {
  {
    const std::lock_guard lock(gate_->mutex);
    if (timer->stopped) return;
    timer->running_on = std::this_thread::get_id();
  }
  call(timer->io, timer->fn, timer->user);
  const std::lock_guard lock(gate_->mutex);
  timer->running_on = {};
  gate_->changed.notify_all();
  if (timer->stopped) return;
  if (timer->period_ns == 0) return;
  // Late ticks are skipped: the next one is the first that is still to come.
  const std::int64_t now_ns = executor_.clock().mono_ns();
  const std::int64_t missed =
      std::max<std::int64_t>(0, (now_ns - timer->due_ns) / timer->period_ns);
  timer->due_ns += (missed + 1) * timer->period_ns;
  arm(timer);
}

void InstanceTasks::timer_stop(nx_timer* handle) {
  std::unique_lock lock(gate_->mutex);
  const auto at = std::ranges::find(gate_->timers, handle, [](const auto& t) { return t.get(); });
  if (at == gate_->timers.end()) return;
  const std::shared_ptr<nx_timer> timer = *at;
  gate_->timers.erase(at);
  timer->stopped = true;
  timer->timer.cancel();
  if (timer->running_on == std::this_thread::get_id()) return;
  gate_->changed.wait(lock, [&] { return timer->running_on == std::thread::id(); });
}

Status InstanceTasks::watch(const std::string& path, nx_task_fn fn, void* user) {
  std::shared_ptr<void> before;  // dies after the lock
  std::shared_ptr<void> handle;
  if (fn != nullptr) {
    // Captures nothing that dies with the instance but through the gate.
    Result<std::shared_ptr<void>> made =
        owner_.context().paths.watch(path, [this, gate = gate_, fn, user] {
          if (!gate->enter()) return;
          call(0, fn, user);
          gate->leave();
        });
    if (!made.ok()) return made.status();
    handle = *std::move(made);
  }
  const std::lock_guard lock(gate_->mutex);
  if (!gate_->open) return {NX_ERR_PRECONDITION, "the instance is not running"};
  std::shared_ptr<void>& slot = gate_->watches[path];
  before = std::exchange(slot, std::move(handle));
  // Asked by fn: a handle points to nothing, so it compares equal to nullptr.
  if (fn == nullptr) gate_->watches.erase(path);
  return Status();
}

// ---- the table
// -----------------------------------------------------------------------------------

namespace {

InstanceTasks& of(const nx_host* host) {
  return static_cast<PluginInstance&>(Instance::of(host)).tasks();
}

nx_status post(const nx_host* host, std::int32_t io, nx_task_fn fn, void* user) {
  return sdk::guard(nullptr, [&] { return of(host).post(io, fn, user); });
}

nx_status timer_start(const nx_host* host, std::int32_t io, std::uint64_t delay_ms,
                      std::uint64_t period_ms, nx_task_fn fn, void* user, nx_timer** out) {
  return sdk::guard(nullptr,
                    [&] { return of(host).timer_start(io, delay_ms, period_ms, fn, user, out); });
}

void timer_stop(const nx_host* host, nx_timer* timer) {
  (void)sdk::guard(nullptr, [&] { of(host).timer_stop(timer); });
}

nx_status watch_path(const nx_host* host, nx_str path, nx_task_fn fn, void* user) {
  return sdk::guard(nullptr, [&]() -> nx_status {
    return of(host).watch(std::string(view(path)), fn, user).code();
  });
}

}  // namespace

const nx_ext_tasks kTasksService = {sizeof(nx_ext_tasks), 0,           &post,
                                    &timer_start,         &timer_stop, &watch_path};

}  // namespace narthex::host
