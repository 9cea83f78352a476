// SPDX-License-Identifier: Apache-2.0
// stored_texts.hpp - everything that a store has, as text that a test can compare.
#pragma once

#include "store/store.hpp"

#include <narthex/sdk/guard.hpp>

#include <bit>
#include <cstdio>
#include <map>
#include <string>

namespace narthex::test {

// `name=value,...` of each series -> "value@ms ..." of its samples. Of the times the last six
// digits; histograms as "h<sum>", staleness markers as "stale".
inline std::map<std::string, std::string> stored_texts(store::Store& store) {
  std::map<std::string, std::string> found;
  Result<store::Querier> querier = store.open(INT64_MIN, INT64_MAX);
  if (!querier.ok()) throw sdk::Error(querier.status());
  nx_scan_opts opts{};
  opts.mint = INT64_MIN;
  opts.maxt = INT64_MAX;
  Result<store::Cursor> cursor = querier->select({}, opts);
  if (!cursor.ok()) throw sdk::Error(cursor.status());
  while (cursor->next()) {
    const nx_block& block = cursor->block();
    for (std::uint32_t s = 0; s < block.series_count; ++s) {
      std::string name;
      const nx_series_table& labels = *block.labels;
      for (std::uint32_t p = labels.label_off[s]; p < labels.label_off[s + 1]; ++p) {
        name += std::string(view(labels.symbols[labels.label_ref[2 * p]])) + "=" +
                std::string(view(labels.symbols[labels.label_ref[2 * p + 1]])) + ",";
      }
      for (std::uint32_t k = block.row0[s]; k < block.row1[s]; ++k) {
        const std::uint64_t at = block.off[s] + k;
        const bool shared = (block.flags & NX_BLOCK_SHARED_T) != 0;
        const bool histogram = block.h != nullptr && block.h[at] != NX_NONE;
        const double v = histogram ? block.hists[block.h[at]].sum : block.v[at];
        std::string text;
        if (std::bit_cast<std::uint64_t>(v) == NX_STALE_NAN_BITS) {
          text = "stale";
        } else {
          if (histogram) text = "h";
          char number[40];
          std::snprintf(number, sizeof number, "%.10g", v);
          text += number;
        }
        std::string& all = found[name];
        all += (all.empty() ? "" : " ") + text + "@" +
               std::to_string(block.t[shared ? k : at] % 1'000'000);
      }
    }
  }
  if (!cursor->status().ok()) throw sdk::Error(cursor->status());
  return found;
}

}  // namespace narthex::test
