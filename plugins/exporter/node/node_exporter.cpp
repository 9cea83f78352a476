// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/node_exporter.hpp"

#include "plugins/exporter/node/cpu.hpp"
#include "plugins/exporter/node/diskstats.hpp"
#include "plugins/exporter/node/filesystem.hpp"
#include "plugins/exporter/node/loadavg.hpp"
#include "plugins/exporter/node/meminfo.hpp"
#include "plugins/exporter/node/netdev.hpp"
#include "plugins/exporter/node/stat.hpp"
#include "plugins/exporter/node/time_of_day.hpp"
#include "plugins/exporter/node/uname.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace narthex::exporter_node {
namespace {

using Options = NodeExporter::Options;

// What the collectors are made of. The two that read /proc/stat share it.
struct Parts {
  const Options& options;
  Paths paths;
  std::shared_ptr<ProcFile> stat;
};

// REQUIRES: validate() has found the expressions to be good.
DeviceFilter filter(const std::string& exclude, const std::string& include) {
  Result<DeviceFilter> made = DeviceFilter::make(exclude, include);
  if (!made.ok()) throw sdk::Error(made.status());
  return std::move(made).value();
}

using Maker = std::unique_ptr<Collector> (*)(const Parts&);
struct MakerRow {
  std::string_view name;
  Maker make;
};

// In the order they run: those that could take long come last.
constexpr MakerRow kMakers[] = {
    {"cpu",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<CpuCollector>(p.stat);
     }},
    {"stat",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<StatCollector>(p.stat);
     }},
    {"loadavg",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<LoadavgCollector>(p.paths);
     }},
    {"meminfo",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<MeminfoCollector>(p.paths);
     }},
    {"uname",
     [](const Parts&) -> std::unique_ptr<Collector> { return std::make_unique<UnameCollector>(); }},
    {"time",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<TimeCollector>(p.paths);
     }},
    {"netdev",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<NetdevCollector>(
           p.paths, filter(p.options.netdev_device_exclude, p.options.netdev_device_include),
           p.paths.procfs == "/proc");
     }},
    {"diskstats",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<DiskstatsCollector>(
           p.paths, filter(p.options.diskstats_device_exclude, p.options.diskstats_device_include));
     }},
    {"filesystem",
     [](const Parts& p) -> std::unique_ptr<Collector> {
       return std::make_unique<FilesystemCollector>(
           p.paths, FilesystemOptions{filter(p.options.filesystem_mount_points_exclude,
                                             p.options.filesystem_mount_points_include),
                                      filter(p.options.filesystem_fs_types_exclude,
                                             p.options.filesystem_fs_types_include),
                                      p.options.filesystem_mount_timeout_ms,
                                      {}});
     }},
};

bool wanted(const Options& options, std::string_view name) {
  return options.collectors.empty() ||
         std::find(options.collectors.begin(), options.collectors.end(), name) !=
             options.collectors.end();
}

sdk::SeriesList build_table() {
#if defined(__x86_64__)
  constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
  constexpr std::string_view kArchitecture = "arm64";
#else
  constexpr std::string_view kArchitecture = "unknown";
#endif
  sdk::SeriesList table;
  table.add("node_exporter_build_info", {{"version", "0.1.0"},
                                         {"revision", "unknown"},
                                         {"branch", "narthex"},
                                         {"goversion", "none"},
                                         {"goos", "linux"},
                                         {"goarch", kArchitecture},
                                         {"tags", "unknown"}});
  table.describe("node_exporter_build_info", NX_TYPE_GAUGE,
                 "A metric with a constant '1' value labeled by version, revision, branch, "
                 "goversion from which node_exporter was built, and the goos and goarch for the "
                 "build.");
  return table;
}

sdk::SeriesList scrape_table(const std::vector<std::string_view>& collectors) {
  constexpr std::string_view kDuration = "node_scrape_collector_duration_seconds";
  constexpr std::string_view kSuccess = "node_scrape_collector_success";
  sdk::SeriesList table;
  for (const std::string_view name : collectors) {
    table.add(kDuration, {{"collector", name}});
    table.add(kSuccess, {{"collector", name}});
  }
  table.describe(kDuration, NX_TYPE_GAUGE, "node_exporter: Duration of a collector scrape.");
  table.describe(kSuccess, NX_TYPE_GAUGE, "node_exporter: Whether a collector succeeded.");
  return table;
}

std::vector<std::string_view> wanted_names(const Options& options) {
  std::vector<std::string_view> names;
  for (const MakerRow& row : kMakers) {
    if (wanted(options, row.name)) names.push_back(row.name);
  }
  return names;
}

struct FilterRow {
  const char* option;
  std::string Options::*member;
};
constexpr FilterRow kFilters[] = {
    {"filesystem_mount_points_exclude", &Options::filesystem_mount_points_exclude},
    {"filesystem_mount_points_include", &Options::filesystem_mount_points_include},
    {"filesystem_fs_types_exclude", &Options::filesystem_fs_types_exclude},
    {"filesystem_fs_types_include", &Options::filesystem_fs_types_include},
    {"diskstats_device_exclude", &Options::diskstats_device_exclude},
    {"diskstats_device_include", &Options::diskstats_device_include},
    {"netdev_device_exclude", &Options::netdev_device_exclude},
    {"netdev_device_include", &Options::netdev_device_include},
};

}  // namespace

const sdk::OptionRow<Options> NodeExporter::kOptions[14] = {
    {"collectors",
     &Options::collectors,
     {},
     "Which collectors run: cpu, stat, loadavg, meminfo, uname, time, netdev, diskstats, "
     "filesystem. All of them when the list is absent."},
    {"procfs", &Options::procfs, "\"/proc\"", "Where procfs is mounted.", "path"},
    {"sysfs", &Options::sysfs, "\"/sys\"", "Where sysfs is mounted.", "path"},
    {"rootfs", &Options::rootfs, "\"/\"", "Where the root of the host is mounted.", "path"},
    {"udev_data", &Options::udev_data, "\"/run/udev/data\"", "Where udev keeps its records.",
     "path"},
    {"filesystem_mount_points_exclude", &Options::filesystem_mount_points_exclude,
     R"j("^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")j",
     "Mount points that are not shown, as a regular expression.", "regex"},
    {"filesystem_mount_points_include", &Options::filesystem_mount_points_include, "\"\"",
     "The only mount points that are shown; the exclusion is not used then.", "regex"},
    {"filesystem_fs_types_exclude", &Options::filesystem_fs_types_exclude,
     R"j("^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|)j"
     R"j(iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|)j"
     R"j(erofs|sysfs|tracefs)$")j",
     "Types of file systems that are not shown, as a regular expression.", "regex"},
    {"filesystem_fs_types_include", &Options::filesystem_fs_types_include, "\"\"",
     "The only types of file systems that are shown; the exclusion is not used then.", "regex"},
    {"filesystem_mount_timeout", &Options::filesystem_mount_timeout_ms, "\"5s\"",
     "How long a mount may take to answer before it counts as stuck.", "duration"},
    {"diskstats_device_exclude", &Options::diskstats_device_exclude,
     R"j("^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$")j",
     "Block devices that are not shown, as a regular expression.", "regex"},
    {"diskstats_device_include", &Options::diskstats_device_include, "\"\"",
     "The only block devices that are shown; the exclusion is not used then.", "regex"},
    {"netdev_device_exclude", &Options::netdev_device_exclude, "\"\"",
     "Network interfaces that are not shown, as a regular expression.", "regex"},
    {"netdev_device_include", &Options::netdev_device_include, "\"\"",
     "The only network interfaces that are shown; the exclusion is not used then.", "regex"},
};

NodeExporter::NodeExporter(sdk::Host host, const Options& options)
    : host_(host), build_set_(build_table()), scrape_set_(scrape_table(wanted_names(options))) {
  Parts parts{options, {options.procfs, options.sysfs, options.rootfs, options.udev_data}, nullptr};
  parts.stat = std::make_shared<ProcFile>(options.procfs + "/stat");
  for (const MakerRow& row : kMakers) {
    if (!wanted(options, row.name)) continue;
    collectors_.push_back({std::string(row.name), row.make(parts)});
  }
}

Status NodeExporter::validate(sdk::Host host, const Options& options, sdk::Value config) {
  const sdk::Value names = config["collectors"];
  for (std::size_t i = 0; i < options.collectors.size(); ++i) {
    const std::string& name = options.collectors[i];
    if (std::any_of(std::begin(kMakers), std::end(kMakers),
                    [&](const MakerRow& row) { return row.name == name; })) {
      continue;
    }
    return host.config_error(sdk::Value(&names.items()[i]),
                             "no collector is called '" + name + "'");
  }
  for (const FilterRow& row : kFilters) {
    const Result<DeviceFilter> made = DeviceFilter::make(options.*row.member, {});
    if (!made.ok()) return host.config_error(config[row.option], made.status().message());
  }
  return Status();
}

Status NodeExporter::collect(const sdk::Collection& out) {
  Round round;
  round.number = ++round_;
  round.deadline_mono_ns = out.deadline_mono_ns();
  std::string failures;
  scrape_values_.clear();
  for (const Named& named : collectors_) {
    round.mono_ns = host_.mono_ns();
    const Status status = run(out, *named.collector, round);
    scrape_values_.push_back(static_cast<double>(host_.mono_ns() - round.mono_ns) / 1e9);
    scrape_values_.push_back(status.ok() ? 1 : 0);
    if (status.ok()) continue;
    host_.warn("a collector failed", {{"collector", named.name}, {"err", status.message()}});
    if (!failures.empty()) failures += "; ";
    failures += named.name + ": " + status.message();
  }
  scrape_set_.push(out, scrape_values_);
  build_set_.push(out, std::array<double, 1>{1});
  return failures.empty() ? Status() : Status(NX_PARTIAL, std::move(failures));
}

// Whatever happens in a collector stays there.
Status NodeExporter::run(const sdk::Collection& out, Collector& collector,
                         const Round& round) const {
  try {
    return collector.collect(out, round);
  } catch (const sdk::Error& e) {
    return e.status();
  } catch (const std::exception& e) {
    return internal_error(e.what());
  }
}

}  // namespace narthex::exporter_node
