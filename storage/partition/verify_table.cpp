// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/table.hpp"

#include <algorithm>
#include <array>

namespace narthex::storage::partition {
namespace {

// Decodes every column: a checksum vouches for bytes, not for what wrote them.
narthex::Status decode_all(const column::PageView& view) {
  std::array<std::int64_t, column::kRowsMax> times;
  std::array<double, column::kRowsMax> values;
  for (std::uint32_t c = 0; c < view.time_column_count(); ++c) {
    if (auto status = view.times(c, 0, view.rows(c), times.data()); !status.ok()) return status;
  }
  for (const column::PageEntry& entry : view.entries()) {
    column::HistogramRows histograms;
    auto status = entry.histogram ? view.histograms(entry, entry.row0, entry.row1, histograms)
                                  : view.values(entry, entry.row0, entry.row1, values.data());
    if (status.ok()) status = view.starts(entry, entry.row0, entry.row1, times.data());
    if (!status.ok()) return status;
  }
  return {};
}

std::string damage_of(const Table& table, std::uint32_t group, std::uint32_t chunk) {
  const auto page = table.page(group, chunk);
  if (!page.ok()) return page.status().message();
  const auto status = decode_all((*page)->view);
  if (status.ok()) return {};
  return "read page " + std::to_string(chunk) + " of group " + std::to_string(group) + " of " +
         table.path() + ": " + std::string(status.message());
}

void verify_identities(const Table& table, std::vector<TableDamage>& found) {
  std::uint32_t read = 0;
  const fs::Status status =
      table.identities([&read](std::uint32_t first, const nx_series_table& block) {
        read = first + block.series_count;
      });
  if (status.ok()) return;
  const TableFigures& figures = table.figures();
  found.push_back({status.message(), read, static_cast<std::uint32_t>(figures.series) - read,
                   figures.min_t, figures.max_t});
}

}  // namespace

std::vector<TableDamage> verify_table(const Table& table) {
  std::vector<TableDamage> found;
  verify_identities(table, found);
  for (std::uint32_t g = 0; g < table.groups().size(); ++g) {
    const TableGroup& group = table.groups()[g];
    for (std::uint32_t c = 0; c < group.chunk_count; ++c) {
      std::string what = damage_of(table, g, c);
      if (what.empty()) continue;
      const TableChunk& chunk = table.chunks()[group.first_chunk + c];
      found.push_back(
          {std::move(what), group.first_series, group.series_count, chunk.min_t, chunk.max_t});
    }
  }
  return found;
}

}  // namespace narthex::storage::partition
