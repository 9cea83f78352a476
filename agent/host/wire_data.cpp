// SPDX-License-Identifier: Apache-2.0
#include "host/wire_data.hpp"

#include <algorithm>

namespace narthex::host {
namespace {

// The buckets of one side: differences or counts, 8 bytes each.
void write_buckets(WireWriter& out, const nx_histogram& h, const nx_buckets& buckets,
                   std::uint32_t count) {
  if (h.is_float != 0) {
    out.numbers(buckets.counts, count);
  } else {
    out.numbers(buckets.deltas, count);
  }
}

void read_buckets(WireReader& in, WireArrays& arrays, bool is_float, nx_buckets& buckets,
                  std::uint32_t& count) {
  if (is_float) {
    std::vector<double> values = in.numbers<double>();
    count = static_cast<std::uint32_t>(values.size());
    buckets.counts = arrays.keep(std::move(values));
  } else {
    std::vector<std::int64_t> values = in.numbers<std::int64_t>();
    count = static_cast<std::uint32_t>(values.size());
    buckets.deltas = arrays.keep(std::move(values));
  }
}

template <class T>
const T* keep_counted(WireArrays& arrays, std::vector<T> values, std::uint32_t& count) {
  count = static_cast<std::uint32_t>(values.size());
  return arrays.keep(std::move(values));
}

// An array that is absent or has so many elements.
template <class T>
const T* optional_array(WireReader& in, WireArrays& arrays, std::uint64_t count) {
  std::vector<T> values = in.numbers<T>();
  if (!values.empty() && values.size() != count) in.fail();
  return arrays.keep(std::move(values));
}

}  // namespace

void write_labels(WireWriter& out, const nx_label* labels, std::uint64_t count) {
  out.number(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    out.text(labels[i].name);
    out.text(labels[i].value);
  }
}

std::vector<nx_label> read_labels(WireReader& in) {
  std::vector<nx_label> labels(in.count(2 * sizeof(std::uint64_t)));
  for (nx_label& label : labels) {
    label.name = in.str();
    label.value = in.str();
  }
  return labels;
}

void write_histogram(WireWriter& out, const nx_histogram& h) {
  out.number(h.schema);
  out.number(h.is_float);
  out.number(h.reset_hint);
  out.number(h.zero_threshold);
  out.number(h.zero_count.u);
  out.number(h.count.u);
  out.number(h.sum);
  out.numbers(h.pos_spans, h.pos_span_count);
  out.numbers(h.neg_spans, h.neg_span_count);
  write_buckets(out, h, h.pos, h.pos_bucket_count);
  write_buckets(out, h, h.neg, h.neg_bucket_count);
  out.numbers(h.custom_values, h.custom_value_count);
}

nx_histogram read_histogram(WireReader& in, WireArrays& arrays) {
  nx_histogram h{};
  h.schema = in.number<std::int32_t>();
  h.is_float = in.number<std::uint8_t>();
  h.reset_hint = in.number<std::uint8_t>();
  h.zero_threshold = in.number<double>();
  h.zero_count.u = in.number<std::uint64_t>();
  h.count.u = in.number<std::uint64_t>();
  h.sum = in.number<double>();
  h.pos_spans = keep_counted(arrays, in.numbers<nx_span>(), h.pos_span_count);
  h.neg_spans = keep_counted(arrays, in.numbers<nx_span>(), h.neg_span_count);
  read_buckets(in, arrays, h.is_float != 0, h.pos, h.pos_bucket_count);
  read_buckets(in, arrays, h.is_float != 0, h.neg, h.neg_bucket_count);
  h.custom_values = keep_counted(arrays, in.numbers<double>(), h.custom_value_count);
  return h;
}

void write_table(WireWriter& out, const nx_series_table& table) {
  out.number(std::uint64_t{table.symbol_count});
  for (std::uint32_t i = 0; i < table.symbol_count; ++i) out.text(table.symbols[i]);
  write_table_pairs(out, table);
}

void write_table_pairs(WireWriter& out, const nx_series_table& table) {
  out.numbers(table.label_off, std::uint64_t{table.series_count} + 1);
  out.numbers(table.label_ref, std::uint64_t{table.label_off[table.series_count]} * 2);
}

nx_series_table read_table(WireReader& in, WireArrays& arrays) {
  std::vector<nx_str> symbols(in.count(sizeof(std::uint64_t)));
  for (nx_str& symbol : symbols) symbol = in.str();
  return read_table_pairs(in, std::move(symbols), arrays);
}

nx_series_table read_table_pairs(WireReader& in, std::vector<nx_str> symbols, WireArrays& arrays) {
  nx_series_table table{};
  table.struct_size = sizeof table;
  const std::vector<std::uint32_t> offsets = in.numbers<std::uint32_t>();
  const std::vector<std::uint32_t> references = in.numbers<std::uint32_t>();
  const bool sound =
      !offsets.empty() && offsets.front() == 0 && std::ranges::is_sorted(offsets) &&
      std::uint64_t{offsets.back()} * 2 == references.size() &&
      std::ranges::all_of(references, [&](std::uint32_t r) { return r < symbols.size(); });
  if (!in.ok() || !sound) {
    in.fail();
    static constexpr std::uint32_t kNone = 0;
    table.label_off = &kNone;
    return table;
  }
  table.series_count = static_cast<std::uint32_t>(offsets.size() - 1);
  table.symbol_count = static_cast<std::uint32_t>(symbols.size());
  table.symbols = arrays.keep(std::move(symbols));
  table.label_off = arrays.keep(offsets);
  table.label_ref = arrays.keep(references);
  return table;
}

void write_metadata_entry(WireWriter& out, const nx_metadata& entry) {
  out.number(entry.ref);
  out.number(entry.series);
  out.number(entry.type);
  out.text(entry.family);
  out.text(entry.unit);
  out.text(entry.help);
}

void write_metadata(WireWriter& out, const nx_metadata* list, std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (std::uint32_t i = 0; i < count; ++i) write_metadata_entry(out, list[i]);
}

std::vector<nx_metadata> read_metadata(WireReader& in) {
  std::vector<nx_metadata> list(in.count(40));
  for (nx_metadata& entry : list) {
    entry.ref = in.number<std::uint64_t>();
    entry.series = in.number<std::uint32_t>();
    entry.type = in.number<std::uint32_t>();
    entry.family = in.str();
    entry.unit = in.str();
    entry.help = in.str();
  }
  return list;
}

void write_batch(WireWriter& out, const nx_sample_batch& batch) {
  const std::uint64_t rows = batch.rows;
  const bool one_t = (batch.flags & NX_BATCH_ONE_T) != 0;
  out.number(batch.flags);
  out.number(rows);
  out.number(std::uint8_t{batch.table != nullptr});
  if (batch.table != nullptr) write_table(out, *batch.table);
  out.numbers(batch.ref, rows);
  out.numbers(batch.series, rows);
  out.numbers(batch.t, one_t && rows != 0 ? 1 : rows);
  out.numbers(batch.st, rows);
  out.numbers(batch.v, rows);
  out.numbers(batch.h, rows);
  out.number(std::uint64_t{batch.hist_count});
  for (std::uint32_t i = 0; i < batch.hist_count; ++i) write_histogram(out, batch.hists[i]);
  out.number(std::uint64_t{batch.exemplar_count});
  for (std::uint32_t i = 0; i < batch.exemplar_count; ++i) {
    const nx_exemplar& exemplar = batch.exemplars[i];
    out.number(exemplar.row);
    out.number(exemplar.t);
    out.number(exemplar.v);
    out.number(exemplar.flags);
    write_labels(out, exemplar.labels, exemplar.label_count);
  }
  write_metadata(out, batch.meta, batch.meta_count);
}

nx_sample_batch read_batch(WireReader& in, WireArrays& arrays) {
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = in.number<std::uint32_t>();
  const auto rows = in.number<std::uint64_t>();
  if (in.number<std::uint8_t>() != 0) {
    batch.table = arrays.keep(std::vector<nx_series_table>{read_table(in, arrays)});
  }
  const bool one_t = (batch.flags & NX_BATCH_ONE_T) != 0;
  batch.ref = optional_array<std::uint64_t>(in, arrays, rows);
  batch.series = optional_array<std::uint32_t>(in, arrays, rows);
  batch.t = optional_array<std::int64_t>(in, arrays, one_t ? 1 : rows);
  batch.st = optional_array<std::int64_t>(in, arrays, rows);
  batch.v = optional_array<double>(in, arrays, rows);
  batch.h = optional_array<std::uint32_t>(in, arrays, rows);
  std::vector<nx_histogram> histograms(in.count(80));
  for (nx_histogram& h : histograms) h = read_histogram(in, arrays);
  std::vector<nx_exemplar> exemplars(in.count(36));
  for (nx_exemplar& exemplar : exemplars) {
    exemplar.row = in.number<std::uint64_t>();
    exemplar.t = in.number<std::int64_t>();
    exemplar.v = in.number<double>();
    exemplar.flags = in.number<std::uint32_t>();
    std::vector<nx_label> labels = read_labels(in);
    exemplar.label_count = static_cast<std::uint32_t>(labels.size());
    exemplar.labels = arrays.keep(std::move(labels));
    if (exemplar.row >= rows) in.fail();
  }
  for (std::uint64_t i = 0; in.ok() && batch.h != nullptr && i < rows; ++i) {
    if (batch.h[i] != NX_NONE && batch.h[i] >= histograms.size()) in.fail();
  }
  for (std::uint64_t i = 0; in.ok() && batch.series != nullptr && i < rows; ++i) {
    if (batch.table == nullptr || batch.series[i] >= batch.table->series_count) in.fail();
  }
  // Where no array has rows, their number is only claimed.
  if (batch.series == nullptr && batch.ref == nullptr && rows != 0) in.fail();
  if (batch.v == nullptr && batch.h == nullptr && exemplars.empty() && rows != 0) in.fail();
  batch.rows = in.ok() ? rows : 0;
  batch.hists = keep_counted(arrays, std::move(histograms), batch.hist_count);
  batch.exemplars = keep_counted(arrays, std::move(exemplars), batch.exemplar_count);
  batch.meta = keep_counted(arrays, read_metadata(in), batch.meta_count);
  return batch;
}

void write_groups(WireWriter& out, const nx_target_group* const* groups, std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (std::uint32_t i = 0; i < count; ++i) {
    const nx_target_group& group = *groups[i];
    out.text(group.source);
    write_labels(out, group.labels, group.label_count);
    out.number(std::uint64_t{group.target_count});
    for (std::uint32_t t = 0; t < group.target_count; ++t) {
      write_labels(out, group.targets[t].labels, group.targets[t].label_count);
    }
  }
}

std::vector<nx_target_group> read_groups(WireReader& in, WireArrays& arrays) {
  std::vector<nx_target_group> groups(in.count(24));
  for (nx_target_group& group : groups) {
    group.struct_size = sizeof group;
    group.source = in.str();
    group.labels = keep_counted(arrays, read_labels(in), group.label_count);
    std::vector<nx_target> targets(in.count(8));
    for (nx_target& target : targets) {
      std::vector<nx_label> labels = read_labels(in);
      target.label_count = labels.size();
      target.labels = arrays.keep(std::move(labels));
    }
    group.targets = keep_counted(arrays, std::move(targets), group.target_count);
  }
  return groups;
}

void write_alerts(WireWriter& out, const nx_alert* const* alerts, std::uint32_t count) {
  out.number(std::uint64_t{count});
  for (std::uint32_t i = 0; i < count; ++i) {
    const nx_alert& alert = *alerts[i];
    out.number(alert.state);
    out.number(alert.fingerprint);
    write_labels(out, alert.labels, alert.label_count);
    write_labels(out, alert.annotations, alert.annotation_count);
    out.number(alert.starts_at);
    out.number(alert.ends_at);
    out.number(alert.fired_at);
    out.number(alert.value);
    out.text(alert.generator_url);
    out.text(alert.rule_group);
  }
}

std::vector<nx_alert> read_alerts(WireReader& in, WireArrays& arrays) {
  std::vector<nx_alert> alerts(in.count(76));
  for (nx_alert& alert : alerts) {
    alert.struct_size = sizeof alert;
    alert.state = in.number<std::uint32_t>();
    alert.fingerprint = in.number<std::uint64_t>();
    alert.labels = keep_counted(arrays, read_labels(in), alert.label_count);
    alert.annotations = keep_counted(arrays, read_labels(in), alert.annotation_count);
    alert.starts_at = in.number<std::int64_t>();
    alert.ends_at = in.number<std::int64_t>();
    alert.fired_at = in.number<std::int64_t>();
    alert.value = in.number<double>();
    alert.generator_url = in.str();
    alert.rule_group = in.str();
  }
  return alerts;
}

}  // namespace narthex::host
