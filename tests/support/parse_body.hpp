// SPDX-License-Identifier: Apache-2.0
// parse_body.hpp - runs a parser class over a body without any host and keeps what came out.
#pragma once

#include "tests/support/exposition_reference.hpp"

#include <narthex/sdk/bucket_list.hpp>
#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/protocol.hpp>

#include <bit>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace narthex::test {

struct ParsedExemplar {
  std::size_t sample = 0;
  Pairs labels;
  double value = 0;
  std::optional<std::int64_t> t;
};
// A native histogram, its buckets by index and empty ones left out.
struct ParsedHistogram {
  std::int32_t schema = 0;
  bool is_float = false;
  std::uint8_t reset_hint = NX_RESET_UNKNOWN;
  double zero_threshold = 0, zero_count = 0, count = 0, sum = 0;
  std::map<std::int64_t, double> positive, negative;
  std::vector<double> bounds;
  friend bool operator==(const ParsedHistogram&, const ParsedHistogram&) = default;
};
template <class Count>
std::map<std::int64_t, double> buckets_by_index(std::span<const nx_span> spans,
                                                const Count* buckets, std::size_t count) {
  std::map<std::int64_t, double> out;
  sdk::for_each_bucket(spans, std::span(buckets, count), [&](std::int64_t index, Count value) {
    if (value != 0) out[index] = static_cast<double>(value);
  });
  return out;
}
inline ParsedHistogram read_histogram(const nx_histogram& h) {
  ParsedHistogram out{
      h.schema, h.is_float != 0, h.reset_hint, h.zero_threshold, 0, 0, h.sum, {}, {}, {}};
  out.zero_count = out.is_float ? h.zero_count.f : static_cast<double>(h.zero_count.u);
  out.count = out.is_float ? h.count.f : static_cast<double>(h.count.u);
  const std::span positive(h.pos_spans, h.pos_span_count);
  const std::span negative(h.neg_spans, h.neg_span_count);
  if (out.is_float) {
    out.positive = buckets_by_index(positive, h.pos.counts, h.pos_bucket_count);
    out.negative = buckets_by_index(negative, h.neg.counts, h.neg_bucket_count);
  } else {
    out.positive = buckets_by_index(positive, h.pos.deltas, h.pos_bucket_count);
    out.negative = buckets_by_index(negative, h.neg.deltas, h.neg_bucket_count);
  }
  out.bounds.assign(h.custom_values, h.custom_values + h.custom_value_count);
  return out;
}

struct ParsedFamily {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string help, unit;
};

struct ParsedBody {
  Status status;
  std::vector<ReferenceSample> samples;
  std::vector<std::string> keys;
  std::vector<ParsedExemplar> exemplars;
  std::map<std::size_t, ParsedHistogram> histograms;  // by sample
  std::map<std::size_t, std::int64_t> starts;         // by sample
  std::map<std::string, ParsedFamily> families;
};

// Small batches, so that borders between them are met.
template <class Parser>
ParsedBody parse_body(std::string text, std::uint32_t flags = NX_PARSE_HONOR_T,
                      std::uint32_t max_rows = 3) {
  struct Run {
    typename Parser::Scratch scratch;
    sdk::SeriesTable table;
    ParsedBody out;
  } run;
  const nx_parsed_sink sink = [](void* context, const nx_parsed* parsed) -> nx_status {
    auto& r = *static_cast<Run*>(context);
    const nx_sample_batch& batch = *parsed->batch;
    r.table.clear();
    r.out.status = Parser::labels(r.scratch, std::span(parsed->key, batch.rows), r.table);
    if (!r.out.status.ok()) return NX_ERR_INVALID_DATA;
    const nx_series_table table = r.table.table();
    for (std::uint32_t m = 0; m < batch.meta_count; ++m) {
      ParsedFamily& family = r.out.families[std::string(view(batch.meta[m].family))];
      family.type = batch.meta[m].type;
      family.help = view(batch.meta[m].help);
      family.unit = view(batch.meta[m].unit);
    }
    const std::size_t first = r.out.samples.size();
    for (std::uint64_t row = 0; row < batch.rows; ++row) {
      ReferenceSample s;
      for (std::uint32_t p = table.label_off[row]; p < table.label_off[row + 1]; ++p) {
        s.labels.emplace_back(view(table.symbols[table.label_ref[2 * p]]),
                              view(table.symbols[table.label_ref[2 * p + 1]]));
      }
      s.value_bits = std::bit_cast<std::uint64_t>(batch.v[row]);
      if (parsed->own_t != nullptr && (parsed->own_t[row / 64] >> (row % 64) & 1) != 0) {
        s.t = batch.t[row];
      }
      const std::size_t sample = r.out.samples.size();
      if (batch.st != nullptr && batch.st[row] != 0) r.out.starts[sample] = batch.st[row];
      if (batch.h != nullptr && batch.h[row] != NX_NONE) {
        r.out.histograms[sample] = read_histogram(batch.hists[batch.h[row]]);
      }
      r.out.samples.push_back(std::move(s));
      r.out.keys.emplace_back(view(parsed->key[row]));
    }
    for (std::uint32_t e = 0; e < batch.exemplar_count; ++e) {
      const nx_exemplar& from = batch.exemplars[e];
      ParsedExemplar exemplar{first + from.row, {}, from.v, {}};
      for (std::uint32_t l = 0; l < from.label_count; ++l) {
        exemplar.labels.emplace_back(view(from.labels[l].name), view(from.labels[l].value));
      }
      if ((from.flags & NX_EXEMPLAR_HAS_T) != 0) exemplar.t = from.t;
      r.out.exemplars.push_back(std::move(exemplar));
      r.out.samples[first + from.row].has_exemplar = true;
    }
    return NX_OK;
  };
  const BufferRef body = make_buffer(std::move(text));
  nx_parse_opts options{};
  options.struct_size = sizeof options;
  options.flags = flags;
  options.default_t = 1000;
  options.max_rows = max_rows;
  sdk::ParsedSink out(sink, &run);
  Status status = Parser::parse(run.scratch, *body.get(), options, out);
  if (run.out.status.ok()) run.out.status = std::move(status);
  return std::move(run.out);
}

}  // namespace narthex::test
