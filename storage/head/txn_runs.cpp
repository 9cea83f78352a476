// SPDX-License-Identifier: Apache-2.0
// How a transaction takes many samples of each series at a time (Txn is declared in txn.hpp): what
// a sender that catches up sends, or an import. A run is checked, logged and stored as one.
#include "storage/head/txn.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace narthex::storage::head {
namespace {

// From so many samples a series on, on average.
constexpr std::uint64_t kRunSamplesMin = 4;

// Series, what they own and their open samples are spread over memory: fetched so many ahead.
constexpr std::size_t kAhead = 4;

// Where the next samples go.
void fetch_end(const OwnSamples* own) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLines = 6;
  if (own == nullptr || own->open == nullptr) return;
  const auto* end = reinterpret_cast<const char*>(own->open.get() + own->open_count);
  const auto* behind = reinterpret_cast<const char*>(own->open.get() + own->open_capacity);
  for (std::size_t l = 0; l < kLines && end + l * kLine < behind; ++l) {
    __builtin_prefetch(end + l * kLine, 1);
  }
}

bool ascends(const std::int64_t* t, std::size_t count) {
  bool good = true;
  for (std::size_t i = 1; i < count; ++i) good &= t[i - 1] < t[i];
  return good;
}

}  // namespace

// The runs of the batch behind those that wait already; false where it is no batch of runs.
bool Txn::find_runs(const nx_sample_batch& batch) {
  const TimeBounds bounds = this->bounds();
  const auto behind = static_cast<std::uint32_t>(run_t_.size());
  std::uint64_t last = 0;
  for (std::uint64_t first = 0; first < batch.rows; first = last) {
    last = first + 1;
    while (last < batch.rows && batch.ref[last] == batch.ref[first]) ++last;
    Series* series = core_.index.series_by_ref(batch.ref[first]);
    if (series == nullptr || !ascends(batch.t + first, last - first)) return false;
    if (bounds.code(batch.t[first]) != NX_ROW_OK || bounds.code(batch.t[last - 1]) != NX_ROW_OK) {
      return false;
    }
    __builtin_prefetch(series);
    runs_.push_back({series, behind + static_cast<std::uint32_t>(first),
                     static_cast<std::uint32_t>(last - first)});
  }
  return true;
}

bool Txn::append_as_runs(const nx_sample_batch& batch, nx_append_result& result) {
  const bool plain =
      (batch.flags & NX_BATCH_BY_SERIES) != 0 && (batch.flags & NX_BATCH_REJECT_OOO) == 0 &&
      batch.layout == 0 && (batch.flags & NX_BATCH_ONE_T) == 0 && batch.ref != nullptr &&
      batch.v != nullptr && batch.h == nullptr && batch.st == nullptr && batch.present == nullptr;
  // Runs are stored before single samples: behind those, order would be lost.
  if (!plain || !samples_.empty() || batch.rows < kRunSamplesMin) return false;
  if (batch.rows + run_t_.size() > UINT32_MAX) return false;
  const std::size_t known = runs_.size();
  if (!find_runs(batch) || (runs_.size() - known) * kRunSamplesMin > batch.rows) {
    runs_.resize(known);
    return false;
  }
  {
    const std::lock_guard lock(core_.commit_mutex);
    SeriesWriter writer = this->writer();
    for (std::size_t i = known; i < runs_.size(); ++i) {
      if (i + kAhead < runs_.size()) __builtin_prefetch(runs_[i + kAhead].series->own.get(), 1);
      if (!writer.takes_run(*runs_[i].series, batch.t[runs_[i].first - run_t_.size()])) {
        runs_.resize(known);
        return false;
      }
      writer.own(*runs_[i].series);
    }
    checked_at_ = std::min(checked_at_, core_.sequence);
  }
  run_t_.insert(run_t_.end(), batch.t, batch.t + batch.rows);
  const std::size_t at = run_bits_.size();
  run_bits_.resize(at + batch.rows);
  std::memcpy(run_bits_.data() + at, batch.v, batch.rows * sizeof(double));
  result.accepted = result.by_code[NX_ROW_OK] = batch.rows;
  if (result.row_code != nullptr) std::memset(result.row_code, NX_ROW_OK, batch.rows);
  return true;
}

// Runs that something newer has overtaken since they were checked become single samples.
void Txn::spread_runs() {
  const SeriesWriter writer = this->writer();
  std::vector<Pending> spread;
  std::erase_if(runs_, [&](const PendingRun& run) {
    if (writer.takes_run(*run.series, run_t_[run.first])) return false;
    for (std::size_t i = run.first; i < run.first + run.count; ++i) {
      spread.push_back({run.series, run_t_[i], run_bits_[i], NX_NONE, 0});
    }
    return true;
  });
  samples_.insert(samples_.begin(), spread.begin(), spread.end());
}

void Txn::commit_runs(SeriesWriter& writer, nx_append_result& result) {
  for (std::size_t r = 0; r < runs_.size(); ++r) {
    const PendingRun& run = runs_[r];
    if (r + kAhead < runs_.size()) fetch_end(runs_[r + kAhead].series->own.get());
    const auto t = std::span<const std::int64_t>(run_t_).subspan(run.first, run.count);
    const auto bits = std::span<const std::uint64_t>(run_bits_).subspan(run.first, run.count);
    if (writer.takes_run(*run.series, t.front())) {
      writer.write_run(*run.series, t, bits);
      result.accepted += run.count;
      result.by_code[NX_ROW_OK] += run.count;
      continue;
    }
    for (std::size_t i = 0; i < run.count; ++i) {
      const std::uint8_t code = writer.write(*run.series, {t[i], bits[i], nullptr}, false);
      ++result.by_code[code];
      ++(code == NX_ROW_OK ? result.accepted : result.refused);
    }
  }
}

}  // namespace narthex::storage::head
