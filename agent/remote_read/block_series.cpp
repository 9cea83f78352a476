// SPDX-License-Identifier: Apache-2.0
#include "remote_read/block_series.hpp"

#include <narthex/sdk/text.hpp>

namespace narthex::remote_read {

void merged_labels(const nx_block& block, std::uint32_t s, const ExternalLabels& external,
                   std::vector<nx_label>& out) {
  const nx_series_table& table = *block.labels;
  out.clear();
  auto added = external.begin();
  const auto add = [&out](const auto& label) {
    out.push_back({to_nx(label.first), to_nx(label.second)});
  };
  for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
    const nx_label own{table.symbols[table.label_ref[2 * p]],
                       table.symbols[table.label_ref[2 * p + 1]]};
    while (added != external.end() && added->first < view(own.name)) add(*added++);
    if (added != external.end() && added->first == view(own.name)) ++added;
    out.push_back(own);
  }
  while (added != external.end()) add(*added++);
}

blocks::SampleView samples_of(const nx_block& block, std::uint32_t s) {
  if (block.row1 == nullptr) return {};  // only labels were asked for
  const std::size_t count = block.row1[s] - block.row0[s];
  const std::uint64_t first = block.off[s] + block.row0[s];
  const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
  blocks::SampleView samples;
  samples.t = {block.t + (shared ? block.row0[s] : first), count};
  samples.v = {block.v + first, count};
  if (block.h != nullptr) {
    samples.h = {block.h + first, count};
    samples.hists = {block.hists, block.hist_count};
  }
  return samples;
}

}  // namespace narthex::remote_read
