// SPDX-License-Identifier: Apache-2.0
#include "host/crash_book.hpp"

#include "telemetry/log.hpp"

#include <utility>

namespace narthex::host {

CrashBook::CrashBook(const std::string& data_dir, QuarantinePolicy policy)
    : path_(data_dir.empty() ? std::string() : data_dir + "/crash.journal"), policy_(policy) {
  read_again();
}

Status CrashBook::begin(std::int64_t now_ms) { return begin_crash_journal(path_, now_ms); }

void CrashBook::configure(QuarantinePolicy policy) {
  {
    const std::lock_guard lock(mutex_);
    policy_ = policy;
  }
  read_again();
}

void CrashBook::read_again() {
  if (path_.empty()) return;
  Result<CrashHistory> read = read_crash_journal(path_);
  if (!read.ok()) {
    telemetry::Log("host").warn("what past crashes were is not known",
                                {{"err", read.status().message()}});
    return;
  }
  const std::lock_guard lock(mutex_);
  history_ = *std::move(read);
  quarantined_ = judge_crashes(history_, policy_);
}

void CrashBook::note(const Crash& crash) {
  if (!path_.empty()) {
    const Status written = append_crash(path_, crash);
    if (!written.ok())
      telemetry::Log("host").warn("a crash leaves no record", {{"err", written.message()}});
  }
  const std::lock_guard lock(mutex_);
  history_.crashes.push_back(crash);
}

std::string CrashBook::quarantine_of(std::string_view plugin, std::string_view build_id) const {
  const std::lock_guard lock(mutex_);
  for (const Quarantined& each : quarantined_) {
    if (each.plugin == plugin && each.build_id == build_id) return each.reason;
  }
  return {};
}

std::vector<Quarantined> CrashBook::quarantined() const {
  const std::lock_guard lock(mutex_);
  return quarantined_;
}

std::vector<Crash> CrashBook::all() const {
  const std::lock_guard lock(mutex_);
  return history_.crashes;
}

std::vector<Crash> CrashBook::fresh() const {
  std::vector<Crash> list = all();
  std::erase_if(list, [](const Crash& crash) { return !crash.fresh; });
  return list;
}

std::map<std::string, std::uint64_t> CrashBook::counts() const {
  std::map<std::string, std::uint64_t> by_plugin;
  const std::lock_guard lock(mutex_);
  for (const Crash& crash : history_.crashes) ++by_plugin[crash.plugin];
  return by_plugin;
}

std::uint64_t CrashBook::count(std::string_view plugin) const {
  std::uint64_t count = 0;
  const std::lock_guard lock(mutex_);
  for (const Crash& crash : history_.crashes) count += crash.plugin == plugin ? 1 : 0;
  return count;
}

}  // namespace narthex::host
