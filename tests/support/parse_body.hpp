// SPDX-License-Identifier: Apache-2.0
// parse_body.hpp - runs a parser class over a body without any host and keeps what came out.
#pragma once

#include "tests/support/exposition_reference.hpp"

#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/protocol.hpp>

#include <bit>
#include <map>
#include <optional>
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
struct ParsedFamily {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string help, unit;
};

struct ParsedBody {
  Status status;
  std::vector<ReferenceSample> samples;
  std::vector<std::string> keys;
  std::vector<ParsedExemplar> exemplars;
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
