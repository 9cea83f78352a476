// SPDX-License-Identifier: Apache-2.0
#include "transfer/batch.hpp"

#include <narthex/sdk/text.hpp>

namespace narthex::transfer {

PackedLabels::PackedLabels(std::span<const nx_label> labels) {
  for (const nx_label& label : labels) {
    for (const nx_str& text : {label.name, label.value}) {
      bytes_ += view(text);
      ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    }
  }
}

void PackedLabels::append_to(std::vector<nx_label>& out) const {
  std::uint32_t at = 0;
  const auto next = [&](std::size_t i) {
    const nx_str text{bytes_.data() + at, ends_[i] - at};
    at = ends_[i];
    return text;
  };
  for (std::size_t i = 0; i + 1 < ends_.size(); i += 2) {
    const nx_str name = next(i);
    out.push_back({name, next(i + 1)});
  }
}

void Batch::clear() {
  series.clear();
  rows.clear();
  exemplars.clear();
  by_series = true;
}

Status DryTarget::write(std::vector<LoadSeries>&, const Batch& batch, WriteCounts& counts) {
  counts.accepted += batch.series.size();
  counts.exemplars_accepted += batch.exemplars.size();
  return Status();
}

}  // namespace narthex::transfer
