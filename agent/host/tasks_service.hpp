// SPDX-License-Identifier: Apache-2.0
// tasks_service.hpp - NX_EXT_TASKS: tasks, timers and file watches of an instance.
//
// Callbacks run between open() and close(). close() drops what has not begun and waits for what
// runs, so that stop() finds the plugin at rest. Callbacks on workers run one after the other
// unless the component is concurrent. Thread-safe.
#pragma once

#include "runtime/executor.hpp"

#include <narthex/host.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// One timer of a plugin. Guarded by its gate's mutex.
struct nx_timer {
  std::int32_t io = 0;
  std::int64_t period_ns = 0;  // 0: once
  std::int64_t due_ns = 0;
  nx_task_fn fn = nullptr;
  void* user = nullptr;
  bool stopped = false;
  std::thread::id running_on;
  narthex::runtime::Timer timer;
};

namespace narthex::host {

class PluginInstance;

extern const nx_ext_tasks kTasksService;

class InstanceTasks {
 public:
  explicit InstanceTasks(PluginInstance& owner);
  ~InstanceTasks();

  void open();
  // False: a callback was still running at the deadline.
  bool close(std::int64_t deadline_mono_ns);

  nx_status post(std::int32_t io, nx_task_fn fn, void* user);
  nx_status timer_start(std::int32_t io, std::uint64_t delay_ms, std::uint64_t period_ms,
                        nx_task_fn fn, void* user, nx_timer** out);
  void timer_stop(nx_timer* timer);
  // fn null: ends the watch.
  Status watch(const std::string& path, nx_task_fn fn, void* user);

  // Runs work on a worker in the same way as a posted task: not after close().
  // False: it is closed, work was dropped.
  bool run_soon(std::int32_t io, std::function<void()> work);

 private:
  struct Gate;
  void call(std::int32_t io, nx_task_fn fn, void* user);
  void arm(const std::shared_ptr<nx_timer>& timer);
  void tick(const std::shared_ptr<nx_timer>& timer);

  PluginInstance& owner_;
  runtime::Executor& executor_;
  std::shared_ptr<Gate> gate_;
};

}  // namespace narthex::host
