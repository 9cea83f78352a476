// SPDX-License-Identifier: Apache-2.0
#include "check/data_rules.hpp"

#include "host/utf8.hpp"

#include <narthex/sdk/text.hpp>

#include <cstddef>
#include <span>

namespace narthex::check {
namespace {

bool bad_text(nx_str text) {
  return (text.len != 0 && text.ptr == nullptr) || !host::is_utf8(view(text));
}

std::uint64_t bucket_count(std::span<const nx_span> spans) {
  std::uint64_t count = 0;
  for (const nx_span& each : spans) count += each.length;
  return count;
}

std::string bad_row_series(const nx_sample_batch& b) {
  if (b.layout != 0) return {};
  for (std::uint64_t r = 0; r < b.rows; ++r) {
    if (b.ref != nullptr && b.ref[r] != 0) continue;
    if (b.series == nullptr || b.table == nullptr) return "rows that name no series";
    if (b.series[r] >= b.table->series_count) return "a row of a series beyond its table";
  }
  return {};
}

}  // namespace

std::string bad_labels(const nx_label* labels, std::uint64_t count, bool sorted) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const nx_label& label = labels[i];
    if (bad_text(label.name) || bad_text(label.value)) return "a label that is not UTF-8";
    if (label.name.len == 0) return "a label without a name";
    if (!sorted) continue;
    if (label.value.len == 0) return "label " + std::string(view(label.name)) + " without a value";
    if (i > 0 && view(labels[i - 1].name) >= view(label.name)) {
      return "label " + std::string(view(label.name)) + " after " +
             std::string(view(labels[i - 1].name)) + ": not sorted or not unique";
    }
  }
  return {};
}

std::string bad_table(const nx_series_table& table, bool empty_values) {
  if (table.series_count == 0) return {};
  if (table.label_off == nullptr || table.label_ref == nullptr || table.symbols == nullptr)
    return "a table without columns";
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    if (table.label_off[s + 1] < table.label_off[s]) return "label_off that falls";
    std::string_view before;
    for (std::uint32_t p = table.label_off[s]; p < table.label_off[s + 1]; ++p) {
      const std::uint32_t name = table.label_ref[2 * p];
      const std::uint32_t value = table.label_ref[2 * p + 1];
      if (name >= table.symbol_count || value >= table.symbol_count)
        return "a label beyond its symbols";
      const nx_label label = {table.symbols[name], table.symbols[value]};
      if (std::string why = bad_labels(&label, 1, !empty_values); !why.empty()) return why;
      if (p > table.label_off[s] && before >= view(label.name)) {
        return "labels of a series that are not sorted or not unique: " + series_text(table, s);
      }
      before = view(label.name);
    }
  }
  return {};
}

std::string bad_histogram(const nx_histogram& h) {
  if (h.schema != NX_SCHEMA_CUSTOM && (h.schema < -4 || h.schema > 8))
    return "a histogram of schema " + std::to_string(h.schema);
  if ((h.pos_span_count != 0 && h.pos_spans == nullptr) ||
      (h.neg_span_count != 0 && h.neg_spans == nullptr))
    return "a histogram without its spans";
  if (bucket_count({h.pos_spans, h.pos_span_count}) != h.pos_bucket_count ||
      bucket_count({h.neg_spans, h.neg_span_count}) != h.neg_bucket_count)
    return "a histogram whose spans and buckets disagree";
  return {};
}

std::string bad_batch(const nx_sample_batch& b, bool series) {
  if (b.struct_size < offsetof(nx_sample_batch, owner)) return "too small a struct_size";
  if (b.table != nullptr) {
    if (std::string why = bad_table(*b.table); !why.empty()) return why;
  }
  if (series && b.rows != 0) {
    if (std::string why = bad_row_series(b); !why.empty()) return why;
    if (b.t == nullptr) return "rows without times";
  }
  for (std::uint64_t r = 0; b.h != nullptr && r < b.rows; ++r) {
    if (b.h[r] == NX_NONE) continue;
    if (b.h[r] >= b.hist_count || b.hists == nullptr) return "a row of a histogram beyond its list";
    if (std::string why = bad_histogram(b.hists[b.h[r]]); !why.empty()) return why;
  }
  for (std::uint32_t e = 0; e < b.exemplar_count; ++e) {
    if (b.exemplars[e].row >= b.rows) return "an exemplar of a row beyond the batch";
    if (std::string why = bad_labels(b.exemplars[e].labels, b.exemplars[e].label_count, false);
        !why.empty())
      return "an exemplar with " + why;
  }
  for (std::uint32_t m = 0; m < b.meta_count; ++m) {
    if (bad_text(b.meta[m].family) || bad_text(b.meta[m].help) || bad_text(b.meta[m].unit))
      return "metadata that is not UTF-8";
  }
  return {};
}

std::string series_text(const nx_series_table& table, std::uint32_t series) {
  std::string text = "{";
  for (std::uint32_t p = table.label_off[series]; p < table.label_off[series + 1]; ++p) {
    if (text.size() > 1) text += ", ";
    text += view(table.symbols[table.label_ref[2 * p]]);
    text += "=\"";
    text += view(table.symbols[table.label_ref[2 * p + 1]]);
    text += '"';
  }
  return text + '}';
}

}  // namespace narthex::check
