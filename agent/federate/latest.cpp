// SPDX-License-Identifier: Apache-2.0
#include "federate/latest.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <bit>
#include <compare>
#include <cstring>

namespace narthex::federate {

namespace {

bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == NX_STALE_NAN_BITS; }

std::strong_ordering compare_labels(const LatestSample& a, const LatestSample& b) {
  return std::lexicographical_compare_three_way(
      a.labels, a.labels + a.label_count, b.labels, b.labels + b.label_count,
      [](const nx_label& x, const nx_label& y) {
        const auto names = view(x.name) <=> view(y.name);
        return names != 0 ? names : view(x.value) <=> view(y.value);
      });
}

bool before(const LatestSample& a, const LatestSample& b) {
  if (const auto names = a.name <=> b.name; names != 0) return names < 0;
  if (family_kind(a) != family_kind(b)) return family_kind(a) < family_kind(b);
  return compare_labels(a, b) < 0;
}

bool same_series(const LatestSample& a, const LatestSample& b) {
  return a.name == b.name && compare_labels(a, b) == 0;
}

}  // namespace

FamilyKind family_kind(const LatestSample& sample) {
  if (sample.histogram == nullptr) return FamilyKind::kFloat;
  const bool gauge = sample.histogram->reset_hint == NX_RESET_GAUGE;
  if (sample.histogram->schema == NX_SCHEMA_CUSTOM) {
    return gauge ? FamilyKind::kGaugeCustom : FamilyKind::kCustom;
  }
  return gauge ? FamilyKind::kGaugeHistogram : FamilyKind::kHistogram;
}

template <class T>
const T* Latest::keep(const T* from, std::size_t count) {
  if (count == 0) return nullptr;
  auto* kept = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
  std::memcpy(kept, from, count * sizeof(T));
  return kept;
}

std::string_view Latest::keep(nx_str text) {
  return {keep(view(text).data(), view(text).size()), view(text).size()};
}

const nx_histogram* Latest::keep(const nx_histogram& from) {
  nx_histogram own = from;
  own.pos_spans = keep(from.pos_spans, from.pos_span_count);
  own.neg_spans = keep(from.neg_spans, from.neg_span_count);
  own.pos.deltas = keep(from.pos.deltas, from.pos_bucket_count);  // counts are as wide
  own.neg.deltas = keep(from.neg.deltas, from.neg_bucket_count);
  own.custom_values = keep(from.custom_values, from.custom_value_count);
  return keep(&own, 1);
}

// The newest sample is the last row, whether or not the storage made use of the hint to give no
// other. False: the series is stale or has no name.
bool Latest::add_series(const nx_block& block, std::uint32_t s) {
  if (block.row0[s] == block.row1[s]) return false;
  const std::uint32_t row = block.row1[s] - 1;
  const std::uint64_t at = block.off[s] + row;
  LatestSample sample;
  sample.t = block.t[(block.flags & NX_BLOCK_SHARED_T) != 0 ? row : at];
  sample.v = block.v[at];
  const bool is_histogram = block.h != nullptr && block.h[at] != NX_NONE;
  const nx_histogram* histogram = is_histogram ? &block.hists[block.h[at]] : nullptr;
  if (is_stale(is_histogram ? histogram->sum : sample.v)) return false;
  const nx_series_table& table = *block.labels;
  const std::uint32_t first = table.label_off[s], end = table.label_off[s + 1];
  auto* labels =
      static_cast<nx_label*>(memory_.allocate((end - first) * sizeof(nx_label), alignof(nx_label)));
  sample.labels = labels;
  for (std::uint32_t p = first; p < end; ++p) {
    const std::string_view name = view(table.symbols[table.label_ref[2 * p]]);
    const std::string_view value = keep(table.symbols[table.label_ref[2 * p + 1]]);
    if (name == kMetricName) {
      sample.name = value;
    } else {
      labels[sample.label_count++] = {to_nx(keep(to_nx(name))), to_nx(value)};
    }
  }
  if (sample.name.empty()) return false;
  if (is_histogram) sample.histogram = keep(*histogram);
  samples_.push_back(sample);
  return true;
}

Status Latest::add_selector(store::Querier& querier, const Selector& selector, std::int64_t min_t,
                            std::int64_t max_t, std::uint64_t series_max) {
  if (selector.empty()) return Status();
  nx_scan_opts options{};
  options.flags = NX_SCAN_LAST;
  options.mint = min_t;
  options.maxt = max_t;
  Result<store::Cursor> cursor = querier.select(selector, options);
  if (!cursor.ok()) return cursor.status();
  bool added = false;
  while (cursor->next()) {
    const nx_block& block = cursor->block();
    // The series of the last sample goes on: there is a newer one.
    if ((block.flags & NX_BLOCK_CONTINUES) != 0 && added) samples_.pop_back();
    for (std::uint32_t s = 0; s < block.series_count; ++s) added = add_series(block, s);
    if (series_max != 0 && samples_.size() > series_max) {
      return {NX_ERR_EXHAUSTED, "federation selects more than " + std::to_string(series_max) +
                                    " series, the limit of --query.max-samples"};
    }
  }
  return cursor->status();
}

void Latest::settle() {
  std::sort(samples_.begin(), samples_.end(), before);
  samples_.erase(std::unique(samples_.begin(), samples_.end(), same_series), samples_.end());
}

Result<std::shared_ptr<const Latest>> Latest::collect(
    store::Store& store, const std::vector<Selector>& selectors, std::int64_t min_t,
    std::int64_t max_t, std::uint64_t series_max,
    const std::shared_ptr<runtime::Cancellation>& cancellation) {
  const auto latest = std::make_shared<Latest>();
  Result<store::Querier> querier = store.open_local(min_t, max_t);
  if (!querier.ok()) return querier.status();
  runtime::Cancellation::Hook hook;
  if (cancellation != nullptr) {
    hook = cancellation->on_cancel([&q = *querier] { q.cancel(); });
  }
  for (const Selector& selector : selectors) {
    const Status added = latest->add_selector(*querier, selector, min_t, max_t, series_max);
    if (!added.ok()) return added;
  }
  latest->settle();
  return std::shared_ptr<const Latest>(latest);
}

}  // namespace narthex::federate
