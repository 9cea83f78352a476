// SPDX-License-Identifier: Apache-2.0
#include "transfer/store_target.hpp"

#include <narthex/sdk/protocol.hpp>
#include <narthex/sdk/text.hpp>

#include <chrono>
#include <thread>

namespace narthex::transfer {

namespace {

constexpr std::int64_t kUpkeepSliceNs = 50'000'000;
constexpr int kRoomTriesMax = 600;  // of a storage that has no room
constexpr auto kPause = std::chrono::milliseconds(100);

nx_append_result new_result() {
  nx_append_result result{};
  result.struct_size = sizeof result;
  return result;
}

void add_counts(const nx_append_result& from, WriteCounts& to) {
  to.accepted += from.accepted;
  to.refused += from.refused;
  to.exemplars_accepted += from.exemplars_accepted;
  to.exemplars_refused += from.exemplars_refused;
  for (std::size_t i = 0; i < to.by_code.size(); ++i) to.by_code[i] += from.by_code[i];
}

}  // namespace

bool StoreTarget::upkeep() { return store_.maintain(clock_.mono_ns() + kUpkeepSliceNs); }

Status StoreTarget::write(std::vector<LoadSeries>& series, const Batch& batch,
                          WriteCounts& counts) {
  Status status = try_write(series, batch, counts);
  for (int tries = 0; status.code() == NX_ERR_EXHAUSTED && tries < kRoomTriesMax; ++tries) {
    if (!upkeep()) std::this_thread::sleep_for(kPause);
    status = try_write(series, batch, counts);
  }
  (void)upkeep();  // a slice a batch: nobody else does it here
  return status;
}

Status StoreTarget::try_write(std::vector<LoadSeries>& series, const Batch& batch,
                              WriteCounts& counts) {
  for (int round = 0;; ++round) {
    store::AppendOptions options;
    options.origin = "import";
    Result<store::Appender> appender = store_.begin(options);
    if (!appender.ok()) return appender.status();
    nx_append_result result = new_result();
    Status status = resolve(*appender, series, batch);
    if (status.ok()) status = append_rows(*appender, series, batch, result);
    if (status.ok() && result.by_code[NX_ROW_UNKNOWN_REF] > 0 && round == 0) {
      for (LoadSeries& each : series) each.ref = 0;
      continue;  // the appender is rolled back
    }
    if (status.ok()) status = append_exemplars(*appender, series, batch, result);
    nx_append_result committed = new_result();
    if (status.ok()) status = appender->commit(committed);
    if (!status.ok()) return status;
    add_counts(result, counts);
    return Status();
  }
}

// Only series with rows in the batch are asked for.
Status StoreTarget::resolve(store::Appender& appender, std::vector<LoadSeries>& series,
                            const Batch& batch) {
  refusals_.assign(series.size(), NX_ROW_OK);
  std::vector<std::uint32_t> missing;
  sdk::SeriesTable table;
  const auto want = [&](std::uint32_t index) {
    if (series[index].ref != 0 || refusals_[index] != NX_ROW_OK) return;
    refusals_[index] = NX_ROW_FAILED;  // asked for
    missing.push_back(index);
    series[index].labels.append_to(table.pairs());
    (void)table.end_series();
  };
  for (const std::uint32_t index : batch.series) want(index);
  for (const LoadExemplar& exemplar : batch.exemplars) want(exemplar.series);
  if (missing.empty()) return Status();
  std::vector<std::uint64_t> refs(missing.size());
  std::vector<std::uint8_t> codes(missing.size());
  const Status status = appender.resolve(table.table(), refs, codes);
  if (!status.ok()) return status;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    series[missing[i]].ref = refs[i];
    refusals_[missing[i]] = codes[i];
  }
  return Status();
}

Status StoreTarget::append_rows(store::Appender& appender, const std::vector<LoadSeries>& series,
                                const Batch& batch, nx_append_result& result) {
  const blocks::SampleView rows = batch.rows.view();
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<std::uint32_t> h;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t ref = series[batch.series[i]].ref;
    if (ref == 0) {  // its series was refused
      ++result.refused;
      ++result.by_code[refusals_[batch.series[i]] % NX_ROW_CODE_COUNT];
      continue;
    }
    refs.push_back(ref);
    t.push_back(rows.t[i]);
    v.push_back(rows.v[i]);
    if (!rows.h.empty()) h.push_back(rows.h[i]);
  }
  if (refs.empty()) return Status();
  nx_sample_batch out{};
  out.struct_size = sizeof out;
  out.flags = batch.by_series ? NX_BATCH_BY_SERIES : 0;
  out.rows = refs.size();
  out.ref = refs.data();
  out.t = t.data();
  out.v = v.data();
  out.h = h.empty() ? nullptr : h.data();
  out.hists = rows.hists.data();
  out.hist_count = static_cast<std::uint32_t>(rows.hists.size());
  nx_append_result appended = new_result();
  const Status status = appender.append(out, appended);
  result.accepted += appended.accepted;
  result.refused += appended.refused;
  for (std::size_t i = 0; i < NX_ROW_CODE_COUNT; ++i) result.by_code[i] += appended.by_code[i];
  return status;
}

Status StoreTarget::append_exemplars(store::Appender& appender,
                                     const std::vector<LoadSeries>& series, const Batch& batch,
                                     nx_append_result& result) {
  if ((store_.capabilities() & NX_STORAGE_EXEMPLARS) == 0) {
    result.exemplars_refused += batch.exemplars.size();
    return Status();
  }
  std::vector<std::uint64_t> refs;
  std::vector<std::int64_t> t;
  std::vector<nx_exemplar> exemplars;
  std::vector<std::vector<nx_label>> labels;
  for (const LoadExemplar& from : batch.exemplars) {
    if (series[from.series].ref == 0) {
      ++result.exemplars_refused;
      continue;
    }
    nx_exemplar exemplar{};
    exemplar.row = refs.size();
    exemplar.t = from.t;
    exemplar.v = from.value;
    exemplar.flags = NX_EXEMPLAR_HAS_T;
    from.labels.append_to(labels.emplace_back());
    exemplar.labels = labels.back().data();
    exemplar.label_count = static_cast<std::uint32_t>(labels.back().size());
    refs.push_back(series[from.series].ref);
    t.push_back(from.t);
    exemplars.push_back(exemplar);
  }
  if (refs.empty()) return Status();
  nx_sample_batch out{};
  out.struct_size = sizeof out;
  out.rows = refs.size();
  out.ref = refs.data();
  out.t = t.data();
  out.exemplars = exemplars.data();
  out.exemplar_count = static_cast<std::uint32_t>(exemplars.size());
  nx_append_result appended = new_result();
  const Status status = appender.append(out, appended);
  result.exemplars_accepted += appended.exemplars_accepted;
  result.exemplars_refused += appended.exemplars_refused;
  return status;
}

Status StoreTarget::write_metadata(std::span<const FamilyFacts> families) {
  if ((store_.capabilities() & NX_STORAGE_METADATA) == 0) return Status();
  std::vector<nx_metadata> entries;
  for (const FamilyFacts& facts : families) {
    nx_metadata entry{};
    entry.series = NX_NONE;
    entry.type = facts.type;
    entry.family = to_nx(facts.name);
    entry.unit = to_nx(facts.unit);
    entry.help = to_nx(facts.help);
    entries.push_back(entry);
  }
  store::AppendOptions options;
  options.origin = "import";
  Result<store::Appender> appender = store_.begin(options);
  if (!appender.ok()) return appender.status();
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.meta = entries.data();
  batch.meta_count = static_cast<std::uint32_t>(entries.size());
  nx_append_result result = new_result();
  if (Status status = appender->append(batch, result); !status.ok()) return status;
  return appender->commit(result);
}

Status StoreTarget::finish() {
  while (upkeep()) {
  }
  return Status();
}

}  // namespace narthex::transfer
