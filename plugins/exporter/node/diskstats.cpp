// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/diskstats.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace narthex::exporter_node {
namespace {

constexpr double kSectorBytes = 512;
// Multiplied, not divided: so the results equal node_exporter's bit for bit.
constexpr double kSecondsPerTick = 1.0 / 1000.0;

struct CounterRow {
  std::string_view name;
  std::uint32_t type;
  double factor;
  std::string_view help;
};

// In the order of the fields of a line.
constexpr CounterRow kCounters[DiskLine::kCountersMax] = {
    {"node_disk_reads_completed_total", NX_TYPE_COUNTER, 1,
     "The total number of reads completed successfully."},
    {"node_disk_reads_merged_total", NX_TYPE_COUNTER, 1, "The total number of reads merged."},
    {"node_disk_read_bytes_total", NX_TYPE_COUNTER, kSectorBytes,
     "The total number of bytes read successfully."},
    {"node_disk_read_time_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "The total number of seconds spent by all reads."},
    {"node_disk_writes_completed_total", NX_TYPE_COUNTER, 1,
     "The total number of writes completed successfully."},
    {"node_disk_writes_merged_total", NX_TYPE_COUNTER, 1, "The number of writes merged."},
    {"node_disk_written_bytes_total", NX_TYPE_COUNTER, kSectorBytes,
     "The total number of bytes written successfully."},
    {"node_disk_write_time_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "This is the total number of seconds spent by all writes."},
    {"node_disk_io_now", NX_TYPE_GAUGE, 1, "The number of I/Os currently in progress."},
    {"node_disk_io_time_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "Total seconds spent doing I/Os."},
    {"node_disk_io_time_weighted_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "The weighted # of seconds spent doing I/Os."},
    {"node_disk_discards_completed_total", NX_TYPE_COUNTER, 1,
     "The total number of discards completed successfully."},
    {"node_disk_discards_merged_total", NX_TYPE_COUNTER, 1, "The total number of discards merged."},
    {"node_disk_discarded_sectors_total", NX_TYPE_COUNTER, 1,
     "The total number of sectors discarded successfully."},
    {"node_disk_discard_time_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "This is the total number of seconds spent by all discards."},
    {"node_disk_flush_requests_total", NX_TYPE_COUNTER, 1,
     "The total number of flush requests completed successfully"},
    {"node_disk_flush_requests_time_seconds_total", NX_TYPE_COUNTER, kSecondsPerTick,
     "This is the total number of seconds spent by all flush requests."},
};

struct AtaRow {
  std::string_view property;
  std::string_view name;
  std::string_view help;
};
constexpr AtaRow kAta[] = {
    {"ID_ATA_WRITE_CACHE", "node_disk_ata_write_cache", "ATA disk has a write cache."},
    {"ID_ATA_WRITE_CACHE_ENABLED", "node_disk_ata_write_cache_enabled",
     "ATA disk has its write cache enabled."},
    {"ID_ATA_ROTATION_RATE_RPM", "node_disk_ata_rotation_rate_rpm",
     "ATA disk rotation rate in RPMs (0 for SSDs)."},
};

std::int64_t stamp_of(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return 0;
  return s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec;
}

// node_exporter reads all attributes of a queue or none, and a device without a request timeout
// (virtio, device mapper) lacks one: then it says 0, and so do we, whatever the kernel guesses.
std::string rotational_of(const std::string& queue) {
  if (access((queue + "io_timeout").c_str(), F_OK) != 0) return "0";
  return read_whole_file(queue + "rotational").value_or("0");
}

void add_counters(sdk::SeriesList& table, const DiskLine& line) {
  for (std::size_t i = 0; i < line.counter_count; ++i) {
    table.add(kCounters[i].name, {{"device", line.device}});
    table.describe(kCounters[i].name, kCounters[i].type, kCounters[i].help);
  }
}

// The info series; each has the value 1.
void add_infos(sdk::SeriesList& table, const DiskLine& line, const UdevProperties& udev,
               std::string_view rotational) {
  std::string_view serial = udev.get("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT");
  if (serial.empty()) serial = udev.get("ID_SERIAL");
  table.add("node_disk_info", {{"device", line.device},
                               {"major", line.major},
                               {"minor", line.minor},
                               {"path", udev.get("ID_PATH")},
                               {"model", udev.get("ID_MODEL")},
                               {"serial", serial},
                               {"wwn", udev.get("ID_WWN")},
                               {"revision", udev.get("ID_REVISION")},
                               {"rotational", rotational}});
  table.describe("node_disk_info", NX_TYPE_GAUGE, "Info of /sys/block/<block_device>.");
  if (!udev.get("ID_FS_TYPE").empty()) {
    table.add("node_disk_filesystem_info", {{"device", line.device},
                                            {"type", udev.get("ID_FS_TYPE")},
                                            {"usage", udev.get("ID_FS_USAGE")},
                                            {"uuid", udev.get("ID_FS_UUID")},
                                            {"version", udev.get("ID_FS_VERSION")}});
    table.describe("node_disk_filesystem_info", NX_TYPE_GAUGE, "Info about disk filesystem.");
  }
  if (!udev.get("DM_NAME").empty()) {
    table.add("node_disk_device_mapper_info", {{"device", line.device},
                                               {"name", udev.get("DM_NAME")},
                                               {"uuid", udev.get("DM_UUID")},
                                               {"vg_name", udev.get("DM_VG_NAME")},
                                               {"lv_name", udev.get("DM_LV_NAME")},
                                               {"lv_layer", udev.get("DM_LV_LAYER")}});
    table.describe("node_disk_device_mapper_info", NX_TYPE_GAUGE, "Info about disk device mapper.");
  }
}

// Values that stay: one for each series after the counters.
void add_ata(sdk::SeriesList& table, const DiskLine& line, const UdevProperties& udev,
             std::vector<double>& values) {
  if (udev.get("ID_ATA").empty()) return;
  for (const AtaRow& row : kAta) {
    const auto value = to_number<double>(udev.get(row.property));
    if (!value) continue;
    table.add(row.name, {{"device", line.device}});
    table.describe(row.name, NX_TYPE_GAUGE, row.help);
    values.push_back(*value);
  }
}

}  // namespace

std::optional<DiskLine> parse_disk_line(std::string_view line) {
  DiskLine disk;
  disk.major = next_word(line);
  disk.minor = next_word(line);
  disk.device = next_word(line);
  if (disk.device.empty()) return std::nullopt;
  while (disk.counter_count < DiskLine::kCountersMax) {
    const std::string_view word = next_word(line);
    if (word.empty()) break;
    const auto number = to_number<std::uint64_t>(word);
    if (!number) return std::nullopt;
    disk.counters[disk.counter_count++] = *number;
  }
  return disk;
}

DiskstatsCollector::DiskstatsCollector(const Paths& paths, DeviceFilter filter)
    : paths_(paths), filter_(std::move(filter)), file_(paths.procfs + "/diskstats") {}

Status DiskstatsCollector::collect(const sdk::Collection& out, const Round& round) {
  Result<std::string_view> text = file_.read();
  if (!text.ok()) return text.status();
  while (!text->empty()) {
    const auto line = parse_disk_line(next_line(*text));
    if (!line) return invalid_data("/proc/diskstats has a line that is none of a device");
    Disk& disk = disk_of(*line);
    disk.round = round.number;
    if (!disk.shown) continue;
    describe(out, *line, disk);
    for (std::size_t i = 0; i < line->counter_count; ++i) {
      disk.values[i] = static_cast<double>(line->counters[i]) * kCounters[i].factor;
    }
    disk.set->push(out, disk.values);
  }
  std::erase_if(disks_, [&](const auto& entry) {
    if (entry.second.round == round.number) return false;
    if (entry.second.set) entry.second.set->drop(out);
    return true;
  });
  return Status();
}

// The filter is asked once a device.
DiskstatsCollector::Disk& DiskstatsCollector::disk_of(const DiskLine& line) {
  auto at = disks_.find(line.device);
  if (at == disks_.end()) {
    at = disks_.emplace(std::string(line.device), Disk()).first;
    at->second.shown = filter_.passes(line.device);
  }
  return at->second;
}

std::string DiskstatsCollector::udev_path(const DiskLine& line) const {
  return paths_.udev_data + "/b" + std::string(line.major) + ':' + std::string(line.minor);
}

// Makes the set of a device, and makes it anew when udev wrote another record (a disk that was
// formatted, another one under the old name).
void DiskstatsCollector::describe(const sdk::Collection& out, const DiskLine& line,
                                  Disk& disk) const {
  const std::string path = udev_path(line);
  const std::int64_t stamp_ns = stamp_of(path);
  if (disk.set && stamp_ns == disk.udev_stamp_ns && line.counter_count <= disk.values.size())
    return;
  disk.udev_stamp_ns = stamp_ns;
  UdevProperties udev;
  if (stamp_ns != 0) udev = UdevProperties::parse(read_whole_file(path).value_or(std::string()));
  const std::string rotational =
      rotational_of(paths_.sysfs + "/block/" + std::string(line.device) + "/queue/");
  if (disk.set) disk.set->drop(out);
  sdk::SeriesList table;
  add_counters(table, line);
  add_infos(table, line, udev, trimmed(rotational));
  disk.values.assign(table.size(), 1);
  add_ata(table, line, udev, disk.values);
  disk.set.emplace(std::move(table));
}

}  // namespace narthex::exporter_node
