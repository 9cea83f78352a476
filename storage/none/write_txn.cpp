// SPDX-License-Identifier: Apache-2.0
#include "storage/none/write_txn.hpp"

#include "storage/head/histogram.hpp"

#include <bit>

namespace narthex::storage::none {
namespace {

bool is_there(const nx_sample_batch& batch, std::uint64_t r) {
  return batch.present == nullptr || ((batch.present[r / 64] >> (r % 64)) & 1) != 0;
}

bool has_histogram(const nx_sample_batch& batch, std::uint64_t r) {
  return batch.h != nullptr && batch.h[r] != NX_NONE;
}

std::uint64_t bits_of(const nx_sample_batch& batch, std::uint64_t r) {
  if (!has_histogram(batch, r)) return std::bit_cast<std::uint64_t>(batch.v[r]);
  const nx_histogram& h = batch.hists[batch.h[r]];
  return std::bit_cast<std::uint64_t>(h.sum) ^ std::rotl(h.count.u, 32);
}

}  // namespace

WriteTxn::~WriteTxn() {
  for (auto at = taken_.rbegin(); at != taken_.rend(); ++at) {
    written_.book.untake(at->ref, at->sample, at->before);
  }
}

nx_status WriteTxn::resolve(const nx_series_table& table, std::uint64_t* refs,
                            std::uint8_t* codes) {
  bool all = true;
  for (std::uint32_t s = 0; s < table.series_count; ++s) {
    const std::uint8_t code = written_.book.resolve(table, s, now_ns_, refs[s]);
    if (codes != nullptr) codes[s] = code;
    all = all && code == NX_ROW_OK;
  }
  return all ? NX_OK : NX_PARTIAL;
}

std::vector<WriteTxn::Row> WriteTxn::rows_of(const nx_sample_batch& batch) {
  std::vector<Row> rows(batch.rows);
  if (batch.layout != 0) {
    const auto layout = written_.book.find_layout(batch.layout, now_ns_);
    const bool fits = layout != nullptr && layout->size() == batch.rows;
    for (std::uint64_t r = 0; r < batch.rows; ++r) {
      rows[r] = fits ? Row{(*layout)[r], NX_ROW_OK} : Row{0, NX_ROW_UNKNOWN_REF};
    }
    return rows;
  }
  std::vector<std::uint64_t> refs;
  std::vector<std::uint8_t> codes;
  if (batch.table != nullptr) {
    refs.resize(batch.table->series_count);
    codes.resize(batch.table->series_count);
    (void)resolve(*batch.table, refs.data(), codes.data());
  }
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    if (batch.ref != nullptr && batch.ref[r] != 0) {
      rows[r].ref = batch.ref[r];
    } else if (batch.series != nullptr && batch.series[r] < refs.size()) {
      rows[r] = {refs[batch.series[r]], codes[batch.series[r]]};
    } else {
      rows[r].code = NX_ROW_UNKNOWN_REF;
    }
  }
  return rows;
}

std::uint8_t WriteTxn::take(const nx_sample_batch& batch, std::uint64_t r, const Row& row) {
  if (row.code != NX_ROW_OK) return row.code;
  const bool histogram = has_histogram(batch, r);
  if (!histogram && batch.v == nullptr) {  // carries exemplars only
    return written_.book.knows(row.ref) ? NX_ROW_OK : NX_ROW_UNKNOWN_REF;
  }
  if (histogram && head::histogram_problem(batch.hists[batch.h[r]]) != nullptr) {
    return NX_ROW_BAD_HISTOGRAM;
  }
  const Newest sample = {batch.t[(batch.flags & NX_BATCH_ONE_T) != 0 ? 0 : r], bits_of(batch, r)};
  const bool in_order = (batch.flags & NX_BATCH_REJECT_OOO) != 0;
  Newest before;
  const std::uint8_t code = written_.book.take(row.ref, sample, in_order, now_ns_, before);
  if (code == NX_ROW_DUPLICATE) ++written_.counts.duplicates;
  if (code == NX_ROW_OUT_OF_ORDER) ++written_.counts.out_of_order;
  if (code != NX_ROW_OK) return code;
  if (sample.t > before.t) taken_.push_back({row.ref, sample, before});
  ++(histogram ? histograms_ : samples_);
  return code;
}

nx_status WriteTxn::append(const nx_sample_batch& batch, nx_append_result& result) {
  const std::uint64_t known = written_.book.created();
  const std::vector<Row> rows = rows_of(batch);
  bool all = true;
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    if (!is_there(batch, r)) continue;
    const std::uint8_t code = take(batch, r, rows[r]);
    ++(code == NX_ROW_OK ? result.accepted : result.refused);
    ++result.by_code[code];
    if (result.row_code != nullptr) result.row_code[r] = code;
    all = all && code == NX_ROW_OK;
  }
  result.series_created += written_.book.created() - known;
  if ((batch.flags & NX_BATCH_NO_EXEMPLARS) == 0) {
    result.exemplars_accepted += batch.exemplar_count;
    exemplars_ += batch.exemplar_count;
  }
  for (const nx_metadata& m : std::span(batch.meta, batch.meta_count)) {
    (void)written_.families.put(view(m.family), m.type, view(m.unit), view(m.help));
  }
  return all ? NX_OK : NX_PARTIAL;
}

nx_status WriteTxn::commit(nx_append_result&) {
  taken_.clear();
  written_.counts.samples += samples_;
  written_.counts.histograms += histograms_;
  written_.counts.exemplars += exemplars_;
  return NX_OK;
}

std::uint64_t WriteTxn::layout(std::span<const std::uint64_t> refs) {
  return written_.book.put_layout(refs, now_ns_);
}

}  // namespace narthex::storage::none
