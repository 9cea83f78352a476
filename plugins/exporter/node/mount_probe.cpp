// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/mount_probe.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace narthex::exporter_node {

struct MountProbe::Record {
  std::string path;
  Statfs ask;
  std::mutex mutex;
  std::condition_variable answered;
  // Guarded by mutex.
  bool open = false;  // a thread asks
  bool late = false;  // the open question was given up once
  int error = 0;
  struct statvfs answer {};

  void run() {
    struct statvfs result {};
    const int code = ask(path, result);
    const std::lock_guard lock(mutex);
    open = false;
    error = code;
    answer = result;
    answered.notify_all();
  }
};

MountProbe::MountProbe(std::string path, Statfs ask) : record_(std::make_shared<Record>()) {
  record_->path = std::move(path);
  record_->ask = std::move(ask);
}

void MountProbe::begin() {
  {
    const std::lock_guard lock(record_->mutex);
    if (record_->open) return;
    record_->open = true;
    record_->late = false;
  }
  try {
    std::thread([record = record_] { record->run(); }).detach();
  } catch (const std::system_error&) {
    const std::lock_guard lock(record_->mutex);
    record_->open = false;
    record_->error = EAGAIN;
  }
}

MountProbe::State MountProbe::wait_until(std::int64_t mono_ns) {
  const std::chrono::steady_clock::time_point end{std::chrono::nanoseconds(mono_ns)};
  std::unique_lock lock(record_->mutex);
  // A question that was given up before gets no more of our time.
  if (!record_->late) {
    record_->answered.wait_until(lock, end, [this] { return !record_->open; });
  }
  record_->late = record_->open;
  return record_->open ? State::kStuck : State::kDone;
}

int MountProbe::error() const {
  const std::lock_guard lock(record_->mutex);
  return record_->error;
}

const struct statvfs& MountProbe::answer() const { return record_->answer; }

}  // namespace narthex::exporter_node
