// SPDX-License-Identifier: Apache-2.0
#include "plugins/exporter/node/meminfo.hpp"

#include "plugins/exporter/node/text_fields.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <string>

namespace narthex::exporter_node {
namespace {

struct Field {
  std::string_view key;
  std::string_view metric;
};

// In the order of the kernel, so that looking the next line up mostly means the next row.
constexpr Field kFields[] = {
    {"MemTotal", "node_memory_MemTotal_bytes"},
    {"MemFree", "node_memory_MemFree_bytes"},
    {"MemAvailable", "node_memory_MemAvailable_bytes"},
    {"Buffers", "node_memory_Buffers_bytes"},
    {"Cached", "node_memory_Cached_bytes"},
    {"SwapCached", "node_memory_SwapCached_bytes"},
    {"Active", "node_memory_Active_bytes"},
    {"Inactive", "node_memory_Inactive_bytes"},
    {"Active(anon)", "node_memory_Active_anon_bytes"},
    {"Inactive(anon)", "node_memory_Inactive_anon_bytes"},
    {"Active(file)", "node_memory_Active_file_bytes"},
    {"Inactive(file)", "node_memory_Inactive_file_bytes"},
    {"Unevictable", "node_memory_Unevictable_bytes"},
    {"Mlocked", "node_memory_Mlocked_bytes"},
    {"SwapTotal", "node_memory_SwapTotal_bytes"},
    {"SwapFree", "node_memory_SwapFree_bytes"},
    {"Zswap", "node_memory_Zswap_bytes"},
    {"Zswapped", "node_memory_Zswapped_bytes"},
    {"Dirty", "node_memory_Dirty_bytes"},
    {"Writeback", "node_memory_Writeback_bytes"},
    {"AnonPages", "node_memory_AnonPages_bytes"},
    {"Mapped", "node_memory_Mapped_bytes"},
    {"Shmem", "node_memory_Shmem_bytes"},
    {"Slab", "node_memory_Slab_bytes"},
    {"SReclaimable", "node_memory_SReclaimable_bytes"},
    {"SUnreclaim", "node_memory_SUnreclaim_bytes"},
    {"KernelStack", "node_memory_KernelStack_bytes"},
    {"PageTables", "node_memory_PageTables_bytes"},
    {"NFS_Unstable", "node_memory_NFS_Unstable_bytes"},
    {"Bounce", "node_memory_Bounce_bytes"},
    {"WritebackTmp", "node_memory_WritebackTmp_bytes"},
    {"CommitLimit", "node_memory_CommitLimit_bytes"},
    {"Committed_AS", "node_memory_Committed_AS_bytes"},
    {"VmallocTotal", "node_memory_VmallocTotal_bytes"},
    {"VmallocUsed", "node_memory_VmallocUsed_bytes"},
    {"VmallocChunk", "node_memory_VmallocChunk_bytes"},
    {"Percpu", "node_memory_Percpu_bytes"},
    {"HardwareCorrupted", "node_memory_HardwareCorrupted_bytes"},
    {"AnonHugePages", "node_memory_AnonHugePages_bytes"},
    {"ShmemHugePages", "node_memory_ShmemHugePages_bytes"},
    {"ShmemPmdMapped", "node_memory_ShmemPmdMapped_bytes"},
    {"CmaTotal", "node_memory_CmaTotal_bytes"},
    {"CmaFree", "node_memory_CmaFree_bytes"},
    {"HugePages_Total", "node_memory_HugePages_Total"},
    {"HugePages_Free", "node_memory_HugePages_Free"},
    {"HugePages_Rsvd", "node_memory_HugePages_Rsvd"},
    {"HugePages_Surp", "node_memory_HugePages_Surp"},
    {"Hugepagesize", "node_memory_Hugepagesize_bytes"},
    {"DirectMap4k", "node_memory_DirectMap4k_bytes"},
    {"DirectMap2M", "node_memory_DirectMap2M_bytes"},
    {"DirectMap1G", "node_memory_DirectMap1G_bytes"},
};
constexpr std::size_t kNoField = std::size(kFields);

// Looks from `hint` on first, then at all.
std::size_t field_of(std::string_view key, std::size_t hint) {
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    const std::size_t at = (hint + i) % std::size(kFields);
    if (kFields[at].key == key) return at;
  }
  return kNoField;
}

sdk::SeriesList table_of(const std::vector<std::size_t>& fields) {
  sdk::SeriesList table;
  for (const std::size_t field : fields) {
    const std::string_view metric = kFields[field].metric;
    table.add(metric, {});
    table.describe(metric, NX_TYPE_GAUGE,
                   "Memory information field " +
                       std::string(metric.substr(std::string_view("node_memory_").size())) + ".");
  }
  return table;
}

}  // namespace

std::string_view memory_metric(std::size_t field) { return kFields[field].metric; }

Status parse_meminfo(std::string_view text, MemoryFields& out) {
  out.fields.clear();
  out.values.clear();
  std::size_t hint = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    std::string_view key = next_word(line);
    if (key.ends_with(':')) key.remove_suffix(1);
    const std::size_t field = field_of(key, hint);
    if (field == kNoField) continue;
    const auto number = to_number<std::uint64_t>(next_word(line));
    if (!number) return invalid_data("no number in /proc/meminfo after " + std::string(key));
    const double unit = next_word(line) == "kB" ? 1024 : 1;
    out.fields.push_back(field);
    out.values.push_back(static_cast<double>(*number) * unit);
    hint = field + 1;
  }
  return out.fields.empty() ? invalid_data("/proc/meminfo has no field that is known") : Status();
}

Status MeminfoCollector::collect(const sdk::Collection& out, const Round&) {
  const Result<std::string_view> text = file_.read();
  if (!text.ok()) return text.status();
  const Status parsed = parse_meminfo(*text, found_);
  if (!parsed.ok()) return parsed;
  if (found_.fields != registered_) {
    if (set_) set_->drop(out);
    set_.emplace(table_of(found_.fields));
    registered_ = found_.fields;
  }
  set_->push(out, found_.values);
  return Status();
}

}  // namespace narthex::exporter_node
