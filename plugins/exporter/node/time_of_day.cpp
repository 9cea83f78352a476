// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/time_of_day.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <array>
#include <ctime>
#include <filesystem>

namespace narthex::exporter_node {
namespace {

sdk::SeriesList clock_table(std::string_view zone) {
  sdk::SeriesList table;
  table.add("node_time_seconds", {});
  table.add("node_time_zone_offset_seconds", {{"time_zone", zone}});
  table.describe("node_time_seconds", NX_TYPE_GAUGE, "System time in seconds since epoch (1970).");
  table.describe("node_time_zone_offset_seconds", NX_TYPE_GAUGE,
                 "System time zone offset in seconds.");
  return table;
}

sdk::SeriesList source_table(std::string_view device, std::string_view available,
                             std::string_view current) {
  sdk::SeriesList table;
  available = trimmed(available);
  for (std::string_view name = next_word(available); !name.empty(); name = next_word(available)) {
    table.add("node_time_clocksource_available_info", {{"device", device}, {"clocksource", name}});
  }
  table.add("node_time_clocksource_current_info",
            {{"device", device}, {"clocksource", trimmed(current)}});
  table.describe("node_time_clocksource_available_info", NX_TYPE_GAUGE,
                 "Available clocksources read from '/sys/devices/system/clocksource'.");
  table.describe("node_time_clocksource_current_info", NX_TYPE_GAUGE,
                 "Current clocksource read from '/sys/devices/system/clocksource'.");
  return table;
}

}  // namespace

TimeCollector::TimeCollector(const Paths& paths) {
  constexpr std::string_view kPrefix = "clocksource";
  std::error_code error;
  const std::filesystem::directory_iterator folder(paths.sysfs + "/devices/system/clocksource",
                                                   error);
  if (error) return;  // a system without clock sources shows none
  for (const auto& entry : folder) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    sources_.push_back(
        {name.substr(kPrefix.size()),
         std::make_unique<ProcFile>(entry.path().string() + "/available_clocksource"),
         std::make_unique<ProcFile>(entry.path().string() + "/current_clocksource"),
         {},
         {}});
  }
}

Status TimeCollector::collect(const sdk::Collection& out, const Round&) {
  push_clock(out);
  for (ClockSource& source : sources_) {
    const Status status = push_source(out, source);
    if (!status.ok()) return status;
  }
  return Status();
}

// The kernel's clock, not the host's: what it says is the measurement here.
void TimeCollector::push_clock(const sdk::Collection& out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  if (!clock_set_ || zone_shown_ != local.tm_zone) {
    if (clock_set_) clock_set_->drop(out);
    zone_shown_ = local.tm_zone;
    clock_set_.emplace(clock_table(zone_shown_));
  }
  const double seconds = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  clock_set_->push(out, std::array<double, 2>{seconds, static_cast<double>(local.tm_gmtoff)});
}

Status TimeCollector::push_source(const sdk::Collection& out, ClockSource& source) const {
  const Result<std::string_view> available = source.available->read();
  if (!available.ok()) return available.status();
  const Result<std::string_view> current = source.current->read();
  if (!current.ok()) return current.status();
  std::string both(*available);
  both += *current;
  if (!source.set || both != source.shown) {
    if (source.set) source.set->drop(out);
    source.set.emplace(source_table(source.device, *available, *current));
    source.shown = std::move(both);
  }
  const std::vector<double> ones(source.set->size(), 1);
  source.set->push(out, ones);
  return Status();
}

}  // namespace narthex::exporter_node
