// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/remote_write/unknown_series.hpp"

#include <narthex/sdk/text.hpp>

#include <string_view>

namespace narthex::ingest::remote_write {

void UnknownSeries::clear() {
  series_.clear();
  symbols_.clear();
  label_refs_.clear();
  label_offsets_.assign(1, 0);
}

void UnknownSeries::add(std::uint32_t series, const LabelSet& labels) {
  series_.push_back(series);
  for (const auto& [name, value] : labels.labels()) {
    for (const std::string_view text : {name, value}) {
      label_refs_.push_back(static_cast<std::uint32_t>(symbols_.size()));
      symbols_.push_back(to_nx(text));
    }
  }
  label_offsets_.push_back(static_cast<std::uint32_t>(label_refs_.size() / 2));
}

nx_series_table UnknownSeries::table() const {
  nx_series_table table{};
  table.struct_size = sizeof table;
  table.series_count = static_cast<std::uint32_t>(series_.size());
  table.symbol_count = static_cast<std::uint32_t>(symbols_.size());
  table.symbols = symbols_.data();
  table.label_ref = label_refs_.data();
  table.label_off = label_offsets_.data();
  return table;
}

void UnknownSeries::shrink() {
  if (symbols_.capacity() <= (std::size_t{1} << 16)) return;
  symbols_ = {};
  label_refs_ = {};
}

}  // namespace narthex::ingest::remote_write
