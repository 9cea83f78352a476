// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/found_series.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <string>

namespace narthex::storage::remote {
namespace {

bool is_stale(const FoundSeries& series, std::size_t i, const std::vector<nx_histogram>& hists) {
  const bool histogram = !series.h.empty() && series.h[i] != NX_NONE;
  const double value = histogram ? hists[series.h[i]].sum : series.v[i];
  return std::bit_cast<std::uint64_t>(value) == NX_STALE_NAN_BITS;
}

void join(FoundSeries& into, const FoundSeries& from) {
  for (std::size_t i = 0; i < from.t.size(); ++i) {
    const bool histogram = !from.h.empty() && from.h[i] != NX_NONE;
    histogram ? into.add_histogram(from.t[i], from.h[i]) : into.add(from.t[i], from.v[i]);
  }
}

// Most answers need nothing done.
template <class Wanted>
bool is_as_wanted(const FoundSeries& series, Wanted wanted) {
  for (std::uint32_t i = 0; i < series.t.size(); ++i) {
    if ((i > 0 && series.t[i] <= series.t[i - 1]) || !wanted(i)) return false;
  }
  return true;
}

// Rows by time, of equal times the first, and those that are wanted.
template <class Wanted>
void filter_rows(FoundSeries& series, Wanted wanted) {
  if (is_as_wanted(series, wanted)) return;
  std::vector<std::uint32_t> order(series.t.size());
  std::iota(order.begin(), order.end(), 0);
  if (!std::is_sorted(series.t.begin(), series.t.end())) {
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return series.t[a] < series.t[b]; });
  }
  FoundSeries kept;
  for (const std::uint32_t i : order) {
    if ((!kept.t.empty() && kept.t.back() == series.t[i]) || !wanted(i)) continue;
    const bool histogram = !series.h.empty() && series.h[i] != NX_NONE;
    histogram ? kept.add_histogram(series.t[i], series.h[i]) : kept.add(series.t[i], series.v[i]);
  }
  kept.labels = std::move(series.labels);
  series = std::move(kept);
}

std::size_t hash_of(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) ((text += name) += '\xff') += value + '\xff';
  return std::hash<std::string>()(text);
}

}  // namespace

void Found::settle(const nx_scan_opts& options) {
  std::stable_sort(series.begin(), series.end(),
                   [](const auto& a, const auto& b) { return a.labels < b.labels; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (kept > 0 && series[kept - 1].labels == series[i].labels) {
      join(series[kept - 1], series[i]);
    } else if (kept++ != i) {
      series[kept - 1] = std::move(series[i]);
    }
  }
  series.resize(kept);
  const bool drop_stale = (options.flags & NX_SCAN_DROP_STALE) != 0;
  for (FoundSeries& one : series) {
    filter_rows(one, [&](std::uint32_t i) {
      return one.t[i] >= options.mint && one.t[i] <= options.maxt &&
             !(drop_stale && is_stale(one, i, histograms));
    });
  }
  const bool labels_only = (options.flags & NX_SCAN_NO_SAMPLES) != 0;
  std::erase_if(series, [&](const FoundSeries& one) {
    if (!labels_only && one.t.empty()) return true;
    return options.shard_count > 1 &&
           hash_of(one.labels) % options.shard_count != options.shard_index;
  });
  if (options.limit_series != 0 && series.size() > options.limit_series) {
    series.resize(options.limit_series);
  }
}

}  // namespace narthex::storage::remote
