// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/file/file_discovery.hpp"

#include "plugins/discovery/file/target_file.hpp"

#include <algorithm>
#include <utility>

namespace narthex::file_discovery {
namespace {

std::vector<std::string> texts(const nx_value* list) {
  std::vector<std::string> out;
  for (const nx_value& item : sdk::Value(list).items()) {
    out.push_back(sdk::Value(&item).get<std::string>());
  }
  return out;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace

FileDiscovery::FileDiscovery(sdk::Host host, Options options)
    : host_(host),
      tasks_(*host.service<nx_ext_tasks>(NX_EXT_TASKS)),
      patterns_(texts(options.files)),
      refresh_interval_ms_(options.refresh_interval_ms),
      read_errors_(host, NX_TYPE_COUNTER, "prometheus_sd_file_read_errors_total",
                   "The number of File-SD read errors."),
      watcher_errors_(host, NX_TYPE_COUNTER, "prometheus_sd_file_watcher_errors_total",
                      "The number of File-SD errors caused by filesystem watch failures."),
      scan_seconds_(host, NX_TYPE_COUNTER, "prometheus_sd_file_scan_duration_seconds_sum",
                    "The time spent on File-SD scans in seconds."),
      scans_(host, NX_TYPE_COUNTER, "prometheus_sd_file_scan_duration_seconds_count",
             "The number of File-SD scans.") {}

Status FileDiscovery::validate(sdk::Host host, const Options& options, sdk::Value config) {
  const sdk::Value files(options.files);
  if (files.items().empty()) {
    return host.config_error(config,
                             "file service discovery config must contain at least one path name");
  }
  for (const nx_value& item : files.items()) {
    const Status checked = check_pattern(sdk::Value(&item).get<std::string_view>());
    if (!checked.ok()) return host.config_error(sdk::Value(&item), checked.message());
  }
  return {};
}

Status FileDiscovery::run(sdk::DiscoverySink sink) {
  Surroundings around;
  around.parse = [this](const std::string& path, std::string_view text) {
    return parse(path, text);
  };
  around.publish = [sink](std::span<const sdk::TargetGroup> groups) { return sink.update(groups); };
  around.unreadable = [this](const std::string& path, const Status& status) {
    read_errors_.add();
    host_.error("Error reading file", {{"path", path}, {"err", status.message()}});
  };
  {
    const std::lock_guard lock(mutex_);
    files_.emplace(patterns_, reader_, std::move(around));
    for (const std::string& pattern : patterns_) unwatched_.push_back(folder_of(pattern));
    std::sort(unwatched_.begin(), unwatched_.end());
    unwatched_.erase(std::unique(unwatched_.begin(), unwatched_.end()), unwatched_.end());
  }
  // Watches first: what changes during the first look is then looked at again.
  poll();
  sink.synced();
  const auto period_ms = static_cast<std::uint64_t>(refresh_interval_ms_);
  nx_timer* timer = nullptr;  // ended by the host
  sdk::ErrorSlot err;
  return err.status(
      tasks_.timer_start(host_.raw(), 0, period_ms, period_ms, &FileDiscovery::look, this, &timer));
}

void NX_CALL FileDiscovery::look(void* self) noexcept {
  (void)sdk::guard(nullptr, [&] { static_cast<FileDiscovery*>(self)->poll(); });
}

void FileDiscovery::poll() {
  const std::lock_guard lock(mutex_);
  const std::int64_t begun_ns = host_.mono_ns();
  watch_folders();
  files_->poll();
  scan_seconds_.add(static_cast<double>(host_.mono_ns() - begun_ns) * 1e-9);
  scans_.add();
}

// A folder that is not there yet is tried again at every poll.
void FileDiscovery::watch_folders() {
  std::erase_if(unwatched_, [&](const std::string& folder) {
    if (tasks_.watch_path(host_.raw(), to_nx(folder), &FileDiscovery::look, this) >= 0) return true;
    watcher_errors_.add();
    return false;
  });
}

Result<std::vector<sdk::TargetGroup>> FileDiscovery::parse(const std::string& path,
                                                           std::string_view text) const {
  Result<std::vector<sdk::TargetGroup>> groups = internal_error("no tree");
  const Status parsed = sdk::parse_text(host_, format_of(path), path, text, [&](sdk::Value tree) {
    groups = read_target_file(path, tree);
  });
  if (!parsed.ok()) return parsed;
  return groups;
}

}  // namespace narthex::file_discovery
