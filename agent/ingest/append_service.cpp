// SPDX-License-Identifier: Apache-2.0
#include "ingest/append_service.hpp"

#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/text.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace narthex::ingest {
namespace {

struct Grants {
  std::mutex mutex;
  std::map<const nx_host*, store::Store*> stores;  // guarded by mutex
};

Grants& grants() {
  static Grants all;
  return all;
}

nx_append_result fresh_result() {
  nx_append_result result{};
  result.struct_size = sizeof result;
  return result;
}

// Rows that name a series which could not be resolved were refused as unknown: here they get the
// reason that resolving gave.
void tell_reasons(const nx_sample_batch& batch, std::span<const std::uint64_t> refs,
                  std::span<const std::uint8_t> codes, nx_append_result& result) {
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    if (refs[r] != 0) continue;
    const std::uint8_t code = codes[batch.series[r]];
    --result.by_code[NX_ROW_UNKNOWN_REF];
    ++result.by_code[code];
    if (result.row_code != nullptr) result.row_code[r] = code;
  }
}

nx_status begin(const nx_host* host, nx_appender** out, nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    Grants& all = grants();
    const std::lock_guard lock(all.mutex);
    const auto at = all.stores.find(host);
    if (at == all.stores.end()) return {NX_ERR_PERMISSION, "this instance may not append"};
    auto made = std::make_unique<SampleAppender>(*at->second, view(host->instance));
    *out = made.release()->handle();  // freed by commit or rollback
    return Status();
  });
}

nx_status append(nx_appender* appender, const nx_sample_batch* batch, nx_append_result* result,
                 nx_error* err) {
  return sdk::guard(err, [&]() -> Status {
    nx_append_result own = fresh_result();
    nx_append_result& told = result != nullptr ? *result : own;
    const Status status = SampleAppender::of(appender).append(*batch, told);
    if (!status.ok() || told.refused == 0) return status;
    return {NX_PARTIAL, std::to_string(told.refused) + " rows were refused"};
  });
}

nx_status commit(nx_appender* appender, nx_append_result* result, nx_error* err) {
  const std::unique_ptr<SampleAppender> ended(&SampleAppender::of(appender));
  return sdk::guard(err, [&]() -> Status {
    nx_append_result own = fresh_result();
    return ended->commit(result != nullptr ? *result : own);
  });
}

void rollback(nx_appender* appender) {
  const std::unique_ptr<SampleAppender> ended(&SampleAppender::of(appender));
}

nx_status resolve(nx_appender* appender, const nx_series_table* table, std::uint64_t* refs,
                  std::uint8_t* codes, nx_error* err) {
  return sdk::guard(err, [&] {
    return SampleAppender::of(appender).resolve(*table, {refs, table->series_count},
                                                {codes, table->series_count});
  });
}

}  // namespace

Status SampleAppender::begin() {
  if (transaction_) return Status();
  Result<store::Appender> begun = store_.begin({.origin = origin_});
  if (begun.ok()) transaction_.emplace(*std::move(begun));
  return begun.status();
}

Status SampleAppender::resolve(const nx_series_table& table, std::span<std::uint64_t> refs,
                               std::span<std::uint8_t> codes) {
  const Status begun = begin();
  return begun.ok() ? transaction_->resolve(table, refs, codes) : begun;
}

Status SampleAppender::append(const nx_sample_batch& batch, nx_append_result& result) {
  const Status begun = begin();
  if (!begun.ok()) return begun;
  if (batch.table == nullptr) return transaction_->append(batch, result);
  return append_by_table(batch, result);
}

Status SampleAppender::append_by_table(const nx_sample_batch& batch, nx_append_result& result) {
  std::vector<std::uint64_t> series_refs(batch.table->series_count);
  std::vector<std::uint8_t> codes(batch.table->series_count);
  const Status resolved = transaction_->resolve(*batch.table, series_refs, codes);
  if (!resolved.ok()) return resolved;
  std::vector<std::uint64_t> refs(batch.rows);
  for (std::uint64_t r = 0; r < batch.rows; ++r) {
    const bool known = batch.ref != nullptr && batch.ref[r] != 0;
    refs[r] = known ? batch.ref[r] : series_refs[batch.series[r]];
  }
  nx_sample_batch by_ref = batch;
  by_ref.ref = refs.data();
  by_ref.series = nullptr;
  by_ref.table = nullptr;
  const Status status = transaction_->append(by_ref, result);
  if (status.ok() && result.by_code[NX_ROW_UNKNOWN_REF] != 0) {
    tell_reasons(batch, refs, codes, result);
  }
  return status;
}

Status SampleAppender::commit(nx_append_result& result) {
  if (!transaction_) return Status();
  const Status status = transaction_->commit(result);
  transaction_.reset();
  return status;
}

const nx_ext_append& append_service() {
  static const nx_ext_append table = [] {
    nx_ext_append t{};
    t.struct_size = sizeof t;
    t.begin = &begin;
    t.append = &append;
    t.commit = &commit;
    t.rollback = &rollback;
    t.resolve = &resolve;
    return t;
  }();
  return table;
}

AppendGrant::AppendGrant(const nx_host* host, store::Store& store) : host_(host) {
  Grants& all = grants();
  const std::lock_guard lock(all.mutex);
  all.stores[host] = &store;
}

AppendGrant::~AppendGrant() {
  Grants& all = grants();
  const std::lock_guard lock(all.mutex);
  all.stores.erase(host_);
}

}  // namespace narthex::ingest
