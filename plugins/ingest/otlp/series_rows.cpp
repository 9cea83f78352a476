// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/otlp/series_rows.hpp"

#include <narthex/sdk/quote.hpp>

#include <algorithm>

namespace narthex::ingest::otlp {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::string shown_series(std::string_view name, const LabelMap& labels) {
  std::string out(name);
  out += '{';
  for (const auto& [label, value] : labels) {
    if (out.back() != '{') out += ", ";
    out += label + "=" + sdk::quote_excerpt(value);
  }
  return out + "}";
}

// Characters, not bytes.
std::size_t rune_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::uint32_t SeriesRows::series(std::string_view name, const LabelMap& labels) {
  std::string key(name);
  for (const auto& [label, value] : labels) {
    for (const std::string& text : {label, value}) (key += '\xFF') += text;
  }
  const auto [at, is_new] =
      numbers_.try_emplace(std::move(key), static_cast<std::uint32_t>(list_.size()));
  if (!is_new) return at->second;
  std::vector<sdk::LabelView> views(labels.begin(), labels.end());
  list_.add(name, views);
  texts_.push_back(shown_series(name, labels));
  return at->second;
}

void SeriesRows::add(std::uint32_t series, Sample sample) {
  series_.push_back(series);
  t_.push_back(sample.t_ms);
  st_.push_back(sample.start_ms);
  v_.push_back(sample.value);
  h_.push_back(NX_NONE);
}

void SeriesRows::add(std::uint32_t series, Sample sample, NativeHistogram histogram) {
  sample.value = 0;
  add(series, sample);
  h_.back() = static_cast<std::uint32_t>(histograms_.size());
  histograms_.push_back(std::move(histogram));
}

// The ids come first; attributes only as far as an exemplar may be long.
void SeriesRows::add_exemplar(std::uint32_t series, const Exemplar& exemplar) {
  constexpr std::size_t kRunesMax = 128;
  OwnedExemplar out;
  out.series = series;
  out.t_ms = static_cast<std::int64_t>(exemplar.time_ns) / kNsPerMs;
  out.value = exemplar.value;
  if (!exemplar.trace_id.empty()) out.labels.emplace_back("trace_id", exemplar.trace_id);
  if (!exemplar.span_id.empty()) out.labels.emplace_back("span_id", exemplar.span_id);
  std::size_t runes = 0;
  for (const auto& labels : {out.labels, exemplar.attributes}) {
    for (const auto& [name, value] : labels) runes += rune_count(name) + rune_count(value);
  }
  if (runes <= kRunesMax) {
    out.labels.insert(out.labels.end(), exemplar.attributes.begin(), exemplar.attributes.end());
  }
  exemplars_.push_back(std::move(out));
}

void SeriesRows::describe(const std::string& family, std::uint32_t type, const Metric& metric) {
  families_[family] = {family, metric.unit, metric.description, type};
}

Status SeriesRows::append(const sdk::RequestAppender& appender, std::vector<std::uint8_t>& codes) {
  codes.assign(rows(), NX_ROW_OK);
  if (rows() == 0) return {};
  const nx_series_table table = list_.view();
  std::vector<nx_histogram> views;
  for (const NativeHistogram& h : histograms_) views.push_back(h.view());
  std::vector<nx_metadata> metadata;
  for (const auto& [name, note] : families_) {
    nx_metadata meta{};
    meta.series = NX_NONE;
    meta.type = note.type;
    meta.family = to_nx(note.name);
    meta.unit = to_nx(note.unit);
    meta.help = to_nx(note.help);
    metadata.push_back(meta);
  }
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = rows();
  batch.series = series_.data();
  batch.table = &table;
  batch.t = t_.data();
  batch.st = st_.data();
  batch.v = v_.data();
  if (!views.empty()) {
    batch.h = h_.data();
    batch.hists = views.data();
    batch.hist_count = static_cast<std::uint32_t>(views.size());
  }
  batch.meta = metadata.data();
  batch.meta_count = static_cast<std::uint32_t>(metadata.size());
  nx_append_result result{};
  result.struct_size = sizeof result;
  result.row_code = codes.data();
  const Status status = appender.append(batch, result);
  return status.ok() ? append_exemplars(appender, table) : status;
}

// Exemplars ride on rows without samples. Those that the storage refuses fail no request, as in
// Prometheus.
Status SeriesRows::append_exemplars(const sdk::RequestAppender& appender,
                                    const nx_series_table& table) {
  if (exemplars_.empty()) return {};
  std::vector<std::vector<nx_label>> labels;
  std::vector<std::uint32_t> series;
  std::vector<std::int64_t> times;
  for (const OwnedExemplar& e : exemplars_) {
    series.push_back(e.series);
    times.push_back(e.t_ms);
    std::vector<nx_label>& views = labels.emplace_back();
    for (const auto& [name, value] : e.labels) views.push_back({to_nx(name), to_nx(value)});
  }
  std::vector<nx_exemplar> views;
  for (std::size_t i = 0; i < exemplars_.size(); ++i) {
    views.push_back({i, times[i], exemplars_[i].value, labels[i].data(),
                     static_cast<std::uint32_t>(labels[i].size()), NX_EXEMPLAR_HAS_T});
  }
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.rows = series.size();
  batch.series = series.data();
  batch.table = &table;
  batch.t = times.data();
  batch.exemplars = views.data();
  batch.exemplar_count = static_cast<std::uint32_t>(views.size());
  nx_append_result result{};
  result.struct_size = sizeof result;
  return appender.append(batch, result);
}

}  // namespace narthex::ingest::otlp
