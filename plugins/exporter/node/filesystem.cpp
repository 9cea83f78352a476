// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/filesystem.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace narthex::exporter_node {
namespace {

// File systems whose statfs() answers from memory: asked directly, without a thread.
constexpr std::array<std::string_view, 12> kNeverHangs = {"ext2",  "ext3",  "ext4",    "xfs",
                                                          "tmpfs", "ramfs", "rootfs",  "vfat",
                                                          "f2fs",  "exfat", "overlay", "efivarfs"};

int ask_system(const std::string& path, struct statvfs& out) {
  return statvfs(path.c_str(), &out) == 0 ? 0 : errno;
}

std::array<sdk::LabelView, 4> labels_of(const Mount& mount, std::string_view error) {
  return {{{"device", mount.device},
           {"mountpoint", mount.mount_point},
           {"fstype", mount.type},
           {"device_error", error}}};
}

struct Row {
  std::string_view name;
  std::string_view help;
};
constexpr Row kError = {"node_filesystem_device_error",
                        "Whether an error occurred while getting statistics for the given device."};
constexpr Row kReadOnly = {"node_filesystem_readonly", "Filesystem read-only status."};
constexpr Row kInfo = {"node_filesystem_mount_info", "Filesystem mount information."};
constexpr Row kSizes[] = {
    {"node_filesystem_size_bytes", "Filesystem size in bytes."},
    {"node_filesystem_free_bytes", "Filesystem free space in bytes."},
    {"node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes."},
    {"node_filesystem_files", "Filesystem total file nodes."},
    {"node_filesystem_files_free", "Filesystem total free file nodes."},
    {"node_filesystem_purgeable_bytes",
     "Filesystem space available including purgeable space (MacOS specific)."},
};
constexpr std::size_t kSeriesCount = 3 + std::size(kSizes);

sdk::SeriesList table_of(const Mount& mount) {
  sdk::SeriesList table;
  const auto labels = labels_of(mount, {});
  for (const Row& row : {kError, kReadOnly}) table.add(row.name, labels);
  for (const Row& row : kSizes) table.add(row.name, labels);
  table.add(kInfo.name, {{"device", mount.device},
                         {"major", mount.major},
                         {"minor", mount.minor},
                         {"mountpoint", mount.mount_point}});
  for (const Row& row : {kError, kReadOnly, kInfo}) {
    table.describe(row.name, NX_TYPE_GAUGE, row.help);
  }
  for (const Row& row : kSizes) table.describe(row.name, NX_TYPE_GAUGE, row.help);
  return table;
}

std::array<double, kSeriesCount> values_of(const Mount& mount, const struct statvfs& s) {
  const double block_bytes = static_cast<double>(s.f_frsize != 0 ? s.f_frsize : s.f_bsize);
  return {0,
          mount.read_only ? 1.0 : 0.0,
          static_cast<double>(s.f_blocks) * block_bytes,
          static_cast<double>(s.f_bfree) * block_bytes,
          static_cast<double>(s.f_bavail) * block_bytes,
          static_cast<double>(s.f_files),
          static_cast<double>(s.f_ffree),
          0,
          1};
}

void push_error(const sdk::Collection& out, const Mount& mount, std::string_view error) {
  const auto labels = labels_of(mount, error);
  out.gauge(kError.name, kError.help).sample(labels, 1);
  out.gauge(kReadOnly.name, kReadOnly.help).sample(labels, mount.read_only ? 1 : 0);
}

// In a container the host's mounts lie below rootfs; they are shown as the host names them.
std::string without_root(const std::string& mount_point, const std::string& rootfs) {
  if (rootfs == "/" || !mount_point.starts_with(rootfs)) return mount_point;
  const std::string rest = mount_point.substr(rootfs.size());
  return rest.empty() ? "/" : rest;
}

// Errors begin with a small letter in node_exporter, and they are label values.
std::string error_text(int error) {
  std::string text = std::strerror(error);
  if (text.size() > 1 && text[1] >= 'a') text[0] = static_cast<char>(text[0] | 0x20);
  return text;
}

// What makes a mount the same one after the list has changed.
auto identity(const Mount& m) {
  return std::tie(m.device, m.mount_point, m.type, m.major, m.minor, m.read_only);
}

}  // namespace

FilesystemCollector::FilesystemCollector(const Paths& paths, FilesystemOptions options)
    : paths_(paths),
      options_(std::move(options)),
      first_(paths.procfs + "/1/mountinfo"),
      second_(paths.procfs + "/self/mountinfo") {}

Status FilesystemCollector::collect(const sdk::Collection& out, const Round& round) {
  const Status status = read_mounts(out);
  if (!status.ok()) return status;
  const std::int64_t deadline_ns =
      std::min(round.deadline_mono_ns, round.mono_ns + options_.mount_timeout_ms * 1'000'000);
  // All that could hang are asked at once, so that they are waited for at once.
  for (Watched& watched : watched_) {
    if (watched.probe != nullptr) watched.probe->begin();
  }
  for (Watched& watched : watched_) push(out, watched, deadline_ns);
  return Status();
}

Status FilesystemCollector::read_mounts(const sdk::Collection& out) {
  Result<std::string_view> text = first_.read();
  if (!text.ok()) text = second_.read();
  if (!text.ok()) return text.status();
  if (*text == text_) return Status();
  text_ = *text;
  watch(out, parse_mountinfo(text_));
  return Status();
}

// Takes over what was watched before and is still there, with its series.
void FilesystemCollector::watch(const sdk::Collection& out, std::vector<Mount> mounts) {
  std::vector<Watched> before = std::exchange(watched_, {});
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (Mount& mount : mounts) {
    mount.mount_point = without_root(mount.mount_point, paths_.rootfs);
    if (!options_.mount_points.passes(mount.mount_point) || !options_.types.passes(mount.type) ||
        !seen.emplace(mount.device, mount.mount_point, mount.type).second) {
      continue;
    }
    const auto old = std::find_if(before.begin(), before.end(), [&](const Watched& w) {
      return identity(w.mount) == identity(mount);
    });
    if (old != before.end()) {
      watched_.push_back(std::move(*old));
      before.erase(old);
      continue;
    }
    sdk::SeriesList table = table_of(mount);
    std::string path = host_path(mount.mount_point);
    Watched fresh{std::move(mount), std::move(path), nullptr, sdk::SeriesSet(std::move(table))};
    if (std::find(kNeverHangs.begin(), kNeverHangs.end(), fresh.mount.type) == kNeverHangs.end()) {
      fresh.probe =
          std::make_unique<MountProbe>(fresh.path, options_.ask ? options_.ask : &ask_system);
    }
    watched_.push_back(std::move(fresh));
  }
  for (const Watched& gone : before) gone.set.drop(out);
}

std::string FilesystemCollector::host_path(const std::string& mount_point) const {
  return paths_.rootfs == "/" ? mount_point : paths_.rootfs + mount_point;
}

void FilesystemCollector::push(const sdk::Collection& out, Watched& watched,
                               std::int64_t deadline_mono_ns) {
  struct statvfs answer {};
  int error = 0;
  if (watched.probe == nullptr) {
    error = options_.ask ? options_.ask(watched.path, answer) : ask_system(watched.path, answer);
  } else if (watched.probe->wait_until(deadline_mono_ns) == MountProbe::State::kDone) {
    error = watched.probe->error();
    answer = watched.probe->answer();
  } else {
    push_error(out, watched.mount, "mountpoint timeout");
    return;
  }
  if (error != 0) {
    push_error(out, watched.mount, error_text(error));
    return;
  }
  watched.set.push(out, values_of(watched.mount, answer));
}

}  // namespace narthex::exporter_node
