// SPDX-License-Identifier: Apache-2.0
#include "storage/head/querier.hpp"

#include "storage/head/cursor.hpp"
#include "storage/index/matching.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace narthex::storage::head {
namespace {

void push_sorted(std::vector<std::string_view> texts, std::uint64_t limit, sdk::StrSink sink) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  if (limit != 0 && texts.size() > limit) texts.resize(limit);
  std::vector<nx_str> out;
  out.reserve(texts.size());
  for (const std::string_view text : texts) out.push_back(to_nx(text));
  if (!out.empty()) sink(out);
}

std::uint64_t enter(Core& core) {
  const std::lock_guard lock(core.commit_mutex);
  core.reader_sequences.push_back(core.sequence);
  return core.sequence;
}

void push_exemplars(const Series& series, const std::vector<Exemplar>& found, nx_exemplar_sink sink,
                    void* context) {
  std::vector<nx_label> series_labels;
  for (const index::Pair* pair : series.pairs())
    series_labels.push_back({to_nx(pair->name), to_nx(pair->value)});
  std::vector<std::vector<nx_label>> labels(found.size());
  std::vector<nx_exemplar> out;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto& [name, value] : found[i].labels)
      labels[i].push_back({to_nx(name), to_nx(value)});
    nx_exemplar exemplar{};
    exemplar.t = found[i].t;
    exemplar.v = found[i].value;
    exemplar.labels = labels[i].data();
    exemplar.label_count = static_cast<std::uint32_t>(labels[i].size());
    exemplar.flags = NX_EXEMPLAR_HAS_T;
    out.push_back(exemplar);
  }
  nx_exemplar_series item{};
  item.struct_size = sizeof item;
  item.label_count = static_cast<std::uint32_t>(series_labels.size());
  item.labels = series_labels.data();
  item.exemplars = out.data();
  item.exemplar_count = out.size();
  sink(context, &item);
}

}  // namespace

Querier::Querier(Core& core, std::int64_t min_t, std::int64_t max_t)
    : state_{core,
             min_t,
             max_t,
             enter(core),
             std::make_shared<const index::EpochHold>(core.epochs),
             {},
             {},
             core.archive != nullptr ? core.archive->session(min_t, max_t) : nullptr} {}

Querier::~Querier() {
  const std::lock_guard lock(state_.core.commit_mutex);
  auto& readers = state_.core.reader_sequences;
  const auto at = std::find(readers.begin(), readers.end(), state_.sequence);
  *at = readers.back();
  readers.pop_back();
}

// Whether the time range touches the data at all: labels are not looked up more finely than that,
// as in Prometheus.
bool Querier::in_range() const {
  if (state_.archive != nullptr && state_.archive->overlaps()) return true;
  const std::lock_guard lock(state_.core.commit_mutex);
  return state_.min_t <= state_.core.max_t && state_.max_t >= state_.core.min_t;
}

void Querier::label_names(sdk::Matchers matchers, std::uint64_t limit, sdk::StrSink sink) {
  if (!in_range()) return;
  const SeriesIndex& index = state_.core.index;
  if (matchers.empty()) return push_sorted(index.names(), limit, sink);
  std::unordered_set<std::string_view> names;
  for (const std::uint32_t id : index::match_series(index, matchers, &state_.cancelled)) {
    const Series* series = index.series(id);
    if (series == nullptr) continue;
    for (const index::Pair* pair : series->pairs()) names.insert(pair->name);
  }
  push_sorted({names.begin(), names.end()}, limit, sink);
}

void Querier::label_values(std::string_view name, sdk::Matchers matchers, std::uint64_t limit,
                           sdk::StrSink sink) {
  if (!in_range()) return;
  const SeriesIndex& index = state_.core.index;
  std::vector<std::string_view> values;
  if (matchers.empty()) {
    for (const index::Pair* pair : index.pairs_of(name)) values.push_back(pair->value);
    return push_sorted(std::move(values), limit, sink);
  }
  const std::uint32_t symbol = index.name_symbol(name);
  std::unordered_set<const index::Pair*> seen;
  for (const std::uint32_t id : index::match_series(index, matchers, &state_.cancelled)) {
    const Series* series = index.series(id);
    const index::Pair* pair = series != nullptr ? series->identity().pair_of(symbol) : nullptr;
    if (pair != nullptr && seen.insert(pair).second) values.push_back(pair->value);
  }
  push_sorted(std::move(values), limit, sink);
}

std::unique_ptr<sdk::StorageCursor> Querier::select(sdk::Matchers matchers,
                                                    const nx_scan_opts& opts) {
  return std::make_unique<Cursor>(
      state_, index::match_series(state_.core.index, matchers, &state_.cancelled), opts);
}

void Querier::exemplars(std::span<const sdk::Matchers> sets, nx_exemplar_sink sink, void* context) {
  const Core& core = state_.core;
  if (core.exemplars.empty()) return;
  std::vector<const Series*> series;
  for (const sdk::Matchers matchers : sets) {
    for (const std::uint32_t id : index::match_series(core.index, matchers, &state_.cancelled)) {
      const Series* found = core.index.series(id);
      if (found != nullptr) series.push_back(found);
    }
  }
  std::sort(series.begin(), series.end(),
            [](const Series* a, const Series* b) { return label_order(*a, *b); });
  series.erase(std::unique(series.begin(), series.end()), series.end());
  for (const Series* s : series) {
    const std::vector<Exemplar> found = core.exemplars.of(s->id(), state_.min_t, state_.max_t);
    if (!found.empty()) push_exemplars(*s, found, sink, context);
  }
}

void Querier::metadata(std::string_view family, std::uint64_t limit, nx_metadata_sink sink,
                       void* context) {
  state_.core.metadata.list(family, limit, sink, context);
}

}  // namespace narthex::storage::head
