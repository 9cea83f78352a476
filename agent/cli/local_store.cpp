// SPDX-License-Identifier: Apache-2.0
#include "cli/local_store.hpp"

#include "cli/data_lock.hpp"
#include "host/plugin_host.hpp"
#include "runtime/clock.hpp"
#include "store/storage_config.hpp"

#include <narthex/storage.h>

namespace narthex::cli {

namespace {

// What ending may take: everything that was taken goes to the disk.
constexpr std::int64_t kStopBudgetNs = 60'000'000'000;

}  // namespace

LocalStore::LocalStore(runtime::DataDirectory directory, const DataOptions& options)
    : directory_(std::move(directory)), host_(options.plugin_dirs, options.data_dir) {}

LocalStore::~LocalStore() {
  store_.reset();
  if (instance_ != nullptr) instance_->stop(host_.clock().mono_ns() + kStopBudgetNs);
}

Result<std::unique_ptr<LocalStore>> LocalStore::open(const DataOptions& options, bool create) {
  Result<runtime::DataDirectory> directory = lock_data_directory(options, create);
  if (!directory.ok()) return directory.status();
  std::unique_ptr<LocalStore> out(new LocalStore(*std::move(directory), options));
  const Status started = out->start(options);
  if (!started.ok()) return started;
  return out;
}

Status LocalStore::start(const DataOptions& options) {
  store::StorageOptions storage;
  if (!options.backend.empty()) storage.backend = options.backend;
  storage.data_dir = options.data_dir;
  const std::string what = "storage backend " + storage.backend;
  Result<std::shared_ptr<host::Instance>> made =
      store::StorageConfig(storage).make(host_.plugins());
  if (!made.ok()) return made.status();
  instance_ = *std::move(made);
  const Status started = instance_->start();
  if (!started.ok()) return started.with_prefix(what);
  store_.emplace(instance_);
  if ((store_->capabilities() & NX_STORAGE_DURABLE) != 0) {
    // How long samples are kept is for serve to say: a tool neither refuses nor drops old ones.
    return store_->set_retention({.max_age_ms = 0, .max_bytes = 0, .max_percent = 0});
  }
  return {NX_ERR_UNSUPPORTED, what + " keeps nothing in a data directory: name another one with " +
                                  "--storage.backend"};
}

}  // namespace narthex::cli
