// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/write_txn.hpp"

#include <narthex/sdk/prompb.hpp>

#include <snappy.h>

#include <algorithm>
#include <cstring>

namespace narthex::storage::remote {
namespace {

constexpr std::uint64_t kReasonMaxBytes = 64 << 10;

void count_row(nx_append_result& result, std::uint64_t r, std::uint8_t code) {
  code == NX_ROW_OK ? ++result.accepted : ++result.refused;
  ++result.by_code[code];
  if (result.row_code != nullptr) result.row_code[r] = code;
}

}  // namespace

nx_status WriteTxn::resolve(const nx_series_table& table, std::uint64_t* refs,
                            std::uint8_t* codes) {
  const std::int64_t now_ns = writing_.mono_ns();
  bool all = true;
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    const std::uint8_t code = writing_.book.resolve(table, s, now_ns, refs[s]);
    if (codes != nullptr) codes[s] = code;
    all = all && code == NX_ROW_OK;
  }
  return all ? NX_OK : NX_PARTIAL;
}

template <class T>
const T* WriteTxn::keep(const T* from, std::size_t count) {
  if (count == 0) return nullptr;
  auto* kept = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
  std::memcpy(kept, from, count * sizeof(T));
  return kept;
}

const nx_histogram* WriteTxn::keep(const nx_histogram& from) {
  nx_histogram own = from;
  own.pos_spans = keep(from.pos_spans, from.pos_span_count);
  own.neg_spans = keep(from.neg_spans, from.neg_span_count);
  own.pos.deltas = keep(from.pos.deltas, from.pos_bucket_count);  // counts are as wide
  own.neg.deltas = keep(from.neg.deltas, from.neg_bucket_count);
  own.custom_values = keep(from.custom_values, from.custom_value_count);
  return keep(&own, 1);
}

std::uint8_t WriteTxn::add_row(const nx_sample_batch& batch, std::uint64_t r,
                               std::span<const std::uint64_t> table_refs,
                               std::span<const std::uint8_t> table_codes) {
  std::uint64_t ref = batch.ref != nullptr ? batch.ref[r] : 0;
  if (ref == 0) {
    if (batch.series == nullptr || batch.series[r] >= table_refs.size()) return NX_ROW_UNKNOWN_REF;
    if (const std::uint8_t code = table_codes[batch.series[r]]; code != NX_ROW_OK) return code;
    ref = table_refs[batch.series[r]];
  }
  Row row;
  row.series = writing_.book.find(ref, writing_.mono_ns());
  if (row.series == nullptr) return NX_ROW_UNKNOWN_REF;
  row.t = batch.t[(batch.flags & NX_BATCH_ONE_T) != 0 ? 0 : r];
  if (batch.h != nullptr && batch.h[r] != NX_NONE) {
    if (!writing_.histograms) return NX_ROW_UNSUPPORTED;
    row.histogram = keep(batch.hists[batch.h[r]]);
  } else if (batch.v != nullptr) {
    row.v = batch.v[r];
  } else {
    return NX_ROW_OK;  // carries exemplars only
  }
  rows_.push_back(std::move(row));
  return NX_ROW_OK;
}

// Families only: what is known of one series alone has no place in the message.
void WriteTxn::add_metadata(const nx_sample_batch& batch) {
  for (std::uint32_t i = 0; i < batch.meta_count; ++i) {
    const nx_metadata& m = batch.meta[i];
    if (view(m.family).empty()) continue;
    sdk::prompb::append_metadata(metadata_, m.type, view(m.family), view(m.help), view(m.unit));
  }
}

nx_status WriteTxn::append(const nx_sample_batch& batch, nx_append_result& result) {
  if (batch.layout != 0) {
    throw sdk::Error(NX_ERR_UNSUPPORTED, "the remote backend knows no layouts");
  }
  std::vector<std::uint64_t> refs;
  std::vector<std::uint8_t> codes;
  if (batch.table != nullptr) {
    refs.resize(batch.table->series_count);
    codes.resize(batch.table->series_count);
    (void)resolve(*batch.table, refs.data(), codes.data());
  }
  const std::uint64_t refused = result.refused;
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    count_row(result, r, add_row(batch, r, refs, codes));
  }
  add_metadata(batch);
  result.exemplars_refused += batch.exemplar_count;  // reading has no way to ask for them
  return result.refused == refused ? NX_OK : NX_PARTIAL;
}

// Rows of a series are adjacent, as commit() has sorted them.
std::string WriteTxn::message(std::size_t first, std::size_t end) const {
  std::string out, series;
  for (std::size_t i = first; i < end;) {
    const KnownSeries* const known = rows_[i].series.get();
    sdk::prompb::Series samples;
    for (; i < end && rows_[i].series.get() == known; ++i) {
      const Row& row = rows_[i];
      row.histogram != nullptr ? samples.add(row.t, *row.histogram) : samples.add(row.t, row.v);
    }
    series = known->labels;
    series += samples.bytes();
    sdk::protobuf::bytes(out, 1, series);
  }
  return out;
}

void WriteTxn::send(const std::string& message, bool more_was_sent) const {
  HttpCall call;
  call.url = writing_.url;
  call.headers = {{"Content-Type", "application/x-protobuf"},
                  {"Content-Encoding", "snappy"},
                  {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  call.answer_max_bytes = kReasonMaxBytes;
  snappy::Compress(message.data(), message.size(), &call.body);
  const Result<HttpAnswer> answer = writing_.door.call(call, nullptr);
  Status failed = answer.status();
  if (answer.ok()) {
    if (answer->status / 100 == 2) return;
    failed = answer->failure(call.url);
  }
  throw sdk::Error(more_was_sent ? failed.with_prefix("part of the rows was written") : failed);
}

nx_status WriteTxn::commit(nx_append_result& result) {
  (void)result;  // append() has counted
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return a.series != b.series ? a.series->ref < b.series->ref : a.t < b.t;
  });
  for (std::size_t first = 0; first < rows_.size();) {
    const std::size_t end = std::min(first + writing_.samples_per_request, rows_.size());
    std::string request = message(first, end);
    if (end == rows_.size()) request += std::exchange(metadata_, {});
    send(request, first > 0);
    first = end;
  }
  if (!metadata_.empty()) send(metadata_, false);
  return NX_OK;
}

std::uint64_t WriteTxn::layout(std::span<const std::uint64_t>) {
  throw sdk::Error(NX_ERR_UNSUPPORTED, "the remote backend knows no layouts");
}

}  // namespace narthex::storage::remote
