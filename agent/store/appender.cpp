// SPDX-License-Identifier: Apache-2.0
#include "store/appender.hpp"

#include <algorithm>
#include <utility>

namespace narthex::store {
namespace {

// As a storage answers that has forgotten all series of a batch.
void answer_unknown(const nx_sample_batch& batch, nx_append_result& result) {
  std::uint8_t* const codes = result.row_code;
  const std::uint32_t size = result.struct_size;
  result = {};
  result.struct_size = size;
  result.row_code = codes;
  result.refused = result.by_code[NX_ROW_UNKNOWN_REF] = batch.rows;
  result.exemplars_refused = batch.exemplar_count;
  if (codes != nullptr) std::fill_n(codes, batch.rows, std::uint8_t{NX_ROW_UNKNOWN_REF});
}

}  // namespace

Appender::Impl::~Impl() {
  if (txn == nullptr) return;
  backend->call_void(backend->rollback, [&](const nx_storage& t, void*) { t.rollback(txn); });
}

Appender::Appender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Appender::Appender(Appender&&) noexcept = default;
Appender::~Appender() = default;

Status Appender::resolve(const nx_series_table& table, std::span<std::uint64_t> refs,
                         std::span<std::uint8_t> codes) {
  const Status status =
      impl_->backend->call(impl_->backend->resolve, [&](const nx_storage& t, void*, nx_error* err) {
        return t.resolve(impl_->txn, &table, refs.data(), codes.data(), err);
      });
  if (status.ok() && impl_->seen != nullptr) impl_->seen->resolved(table, refs);
  return status;
}

Status Appender::append(const nx_sample_batch& batch, nx_append_result& result) {
  TapTransaction* const seen = impl_->seen.get();
  if (seen == nullptr) return append_unseen(batch, result);
  if (!seen->knows(batch)) {
    answer_unknown(batch, result);
    return Status();
  }
  const bool wants_codes = result.row_code != nullptr;
  if (!wants_codes) {
    impl_->codes.assign(batch.rows, NX_ROW_OK);
    result.row_code = impl_->codes.data();
  }
  const Status status = append_unseen(batch, result);
  if (status.ok()) seen->appended(batch, {result.row_code, batch.rows});
  if (!wants_codes) result.row_code = nullptr;
  return status;
}

Status Appender::append_unseen(const nx_sample_batch& batch, nx_append_result& result) {
  return impl_->backend->call(impl_->backend->append,
                              [&](const nx_storage& t, void*, nx_error* err) {
                                return t.append(impl_->txn, &batch, &result, err);
                              });
}

Result<std::uint64_t> Appender::layout(std::span<const std::uint64_t> refs) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, layout)) return std::uint64_t{0};
  std::uint64_t made = 0;
  const Status status =
      backend.call(backend.layout, [&](const nx_storage& t, void*, nx_error* err) {
        return t.layout(impl_->txn, refs.data(), refs.size(), &made, err);
      });
  if (!status.ok()) return status;
  if (made != 0 && impl_->seen != nullptr) impl_->seen->laid_out(made, refs);
  return made;
}

Status Appender::commit(nx_append_result& result) {
  nx_txn* const txn = std::exchange(impl_->txn, nullptr);
  if (impl_->seen != nullptr) impl_->seen->commit();
  return impl_->backend->call(
      impl_->backend->commit,
      [&](const nx_storage& t, void*, nx_error* err) { return t.commit(txn, &result, err); });
}

}  // namespace narthex::store
