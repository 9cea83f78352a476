// SPDX-License-Identifier: Apache-2.0
#include "cli/store_check.hpp"

#include "cli/data_lock.hpp"
#include "cli/tool_host.hpp"
#include "host/plugin_host.hpp"
#include "runtime/clock.hpp"
#include "store/storage_config.hpp"
#include "store/store.hpp"

#include <narthex/storage.h>

namespace narthex::cli {

namespace {

constexpr std::int64_t kSliceNs = 1'000'000'000;
constexpr std::int64_t kCheckStopNs = 10'000'000'000;

// Stops the instance however the check ends.
class RunningInstance {
 public:
  RunningInstance(std::shared_ptr<host::Instance> instance, const runtime::Clock& clock)
      : instance_(std::move(instance)), clock_(clock) {}
  ~RunningInstance() { instance_->stop(clock_.mono_ns() + kCheckStopNs); }
  const std::shared_ptr<host::Instance>& get() const { return instance_; }

 private:
  const std::shared_ptr<host::Instance> instance_;
  const runtime::Clock& clock_;
};

Status work_and_tell(const std::shared_ptr<host::Instance>& instance, const runtime::Clock& clock,
                     std::uint32_t top, const std::function<void(sdk::Value)>& use) {
  store::Store store(instance);
  while (true) {
    const Result<bool> more = store.try_maintain(clock.mono_ns() + kSliceNs);
    if (!more.ok()) return more.status();
    if (!*more) return store.stats(top, use);
  }
}

}  // namespace

Status check_store(const DataOptions& options, const CheckRequest& request,
                   const std::function<void(sdk::Value)>& use) {
  const Result<runtime::DataDirectory> held = lock_data_directory(options, false);
  if (!held.ok()) return held.status();
  store::StorageOptions storage;
  if (!options.backend.empty()) storage.backend = options.backend;
  storage.data_dir = options.data_dir;
  // Without a folder of its own: the host writes nothing there.
  ToolHost host(options.plugin_dirs);
  Result<std::shared_ptr<host::Instance>> made =
      store::StorageConfig(storage, request.check).make(host.plugins());
  if (!made.ok()) return made.status();
  const RunningInstance running(*std::move(made), host.clock());
  const Status started = running.get()->start();
  if (!started.ok()) return started.with_prefix("storage backend " + storage.backend);
  return work_and_tell(running.get(), host.clock(), request.top, use);
}

}  // namespace narthex::cli
