// SPDX-License-Identifier: Apache-2.0
#include "storage/tsdb/placement.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace narthex::storage::tsdb {
namespace {

constexpr std::size_t kSortedSlice = 1024;

using Target = std::pair<std::string_view, std::string_view>;  // job, instance

Target target_of(const head::Series& series) {
  Target out;
  for (const index::Pair* pair : series.pairs()) {
    if (pair->name == "job") out.first = pair->value;
    if (pair->name == "instance") out.second = pair->value;
  }
  return out;
}

bool has_anything(const head::Series& series) {
  if (series.home_group != nullptr || !series.open_samples().empty()) return true;
  if (!series.sealed().empty()) return true;
  return series.extra() != nullptr &&
         (!series.extra()->histograms.empty() || !series.extra()->late.empty());
}

}  // namespace

std::vector<std::uint32_t> series_to_flush(head::Core& core) {
  const index::EpochHold hold(core.epochs);
  const index::Ids ids = core.index.all_ids();
  std::map<Target, std::vector<const head::Series*>> targets;
  for (std::size_t first = 0; first < ids.size(); first += kSortedSlice) {
    const std::lock_guard lock(core.commit_mutex);
    const std::size_t last = std::min(ids.size(), first + kSortedSlice);
    for (std::size_t i = first; i < last; ++i) {
      const head::Series* series = core.index.series(ids[i]);
      if (series != nullptr && has_anything(*series)) targets[target_of(*series)].push_back(series);
    }
  }
  std::vector<std::uint32_t> out;
  out.reserve(ids.size());
  for (auto& [target, series] : targets) {
    std::sort(series.begin(), series.end(), [](const head::Series* a, const head::Series* b) {
      return head::label_order(*a, *b);
    });
    for (const head::Series* s : series) out.push_back(s->id());
  }
  return out;
}

}  // namespace narthex::storage::tsdb
