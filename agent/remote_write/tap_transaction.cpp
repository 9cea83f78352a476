// SPDX-License-Identifier: Apache-2.0
#include "remote_write/tap_transaction.hpp"

#include "remote_write/bytes.hpp"
#include "remote_write/histogram_bytes.hpp"

#include <narthex/sdk/text.hpp>

#include <utility>

namespace narthex::remote_write {
namespace {

bool is_present(const nx_sample_batch& batch, std::uint64_t row) {
  return batch.present == nullptr || ((batch.present[row / 64] >> (row % 64)) & 1) != 0;
}

std::int64_t time_of(const nx_sample_batch& batch, std::uint64_t row) {
  return batch.t[(batch.flags & NX_BATCH_ONE_T) != 0 ? 0 : row];
}

}  // namespace

void GatheringTransaction::resolved(const nx_series_table& table,
                                    std::span<const std::uint64_t> refs) {
  tap_.book().put(table, refs);
}

void GatheringTransaction::laid_out(std::uint64_t layout, std::span<const std::uint64_t> refs) {
  tap_.book().put_layout(layout, refs);
}

bool GatheringTransaction::knows(const nx_sample_batch& batch) {
  row_.reset();
  if (batch.rows == 0) return true;
  if (batch.layout != 0) {
    row_ = tap_.book().find_layout(batch.layout);
    return row_ != nullptr && row_->size() == batch.rows;
  }
  if (batch.ref == nullptr) return false;
  auto row = std::make_shared<BookedRow>();
  if (!tap_.book().find_all({batch.ref, batch.rows}, *row)) return false;
  row_ = std::move(row);
  return true;
}

void GatheringTransaction::appended(const nx_sample_batch& batch,
                                    std::span<const std::uint8_t> codes) {
  if (row_ == nullptr) return;
  const bool only_exemplars = batch.v == nullptr && batch.h == nullptr;
  for (std::uint64_t r = 0; r < batch.rows && !only_exemplars; ++r) {
    BookedSeries* const series = (*row_)[r].get();
    const bool taken = codes[r] == NX_ROW_OK || codes[r] == NX_ROW_EXEMPLAR_REFUSED;
    if (!taken || series == nullptr || !is_present(batch, r)) continue;
    const std::int64_t start = batch.st != nullptr ? batch.st[r] : 0;
    if (batch.h == nullptr || batch.h[r] == NX_NONE) {
      pending_.samples.push_back(
          {series, time_of(batch, r), start, batch.v != nullptr ? batch.v[r] : 0});
      continue;
    }
    PendingRows::Histogram& h = pending_.histograms.emplace_back(
        PendingRows::Histogram{series, time_of(batch, r), start, {}});
    put_histogram(h.encoded, batch.hists[batch.h[r]]);
  }
  if ((batch.flags & NX_BATCH_NO_EXEMPLARS) == 0) add_exemplars(batch, codes);
  pending_.rows.push_back(std::move(row_));
}

// One refused exemplar marks its row: which of several it was is not told, and so none goes.
void GatheringTransaction::add_exemplars(const nx_sample_batch& batch,
                                         std::span<const std::uint8_t> codes) {
  for (const nx_exemplar& e : std::span(batch.exemplars, batch.exemplar_count)) {
    if (e.row >= batch.rows || codes[e.row] != NX_ROW_OK || !is_present(batch, e.row)) continue;
    BookedSeries* const series = (*row_)[e.row].get();
    if (series == nullptr) continue;
    const std::int64_t t = (e.flags & NX_EXEMPLAR_HAS_T) != 0 ? e.t : time_of(batch, e.row);
    PendingRows::Exemplar& row =
        pending_.exemplars.emplace_back(PendingRows::Exemplar{series, t, e.v, {}});
    put_varint(row.labels, e.label_count);
    for (const nx_label& label : std::span(e.labels, e.label_count)) {
      encode_label(row.labels, view(label.name), view(label.value));
    }
  }
}

void GatheringTransaction::commit() {
  tap_.write(pending_);
  pending_ = {};
}

}  // namespace narthex::remote_write
