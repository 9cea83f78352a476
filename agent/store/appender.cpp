// SPDX-License-Identifier: Apache-2.0
#include "store/appender.hpp"

#include <utility>

namespace narthex::store {

Appender::Impl::~Impl() {
  if (txn == nullptr) return;
  backend->call_void(backend->rollback, [&](const nx_storage& t, void*) { t.rollback(txn); });
}

Appender::Appender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Appender::Appender(Appender&&) noexcept = default;
Appender::~Appender() = default;

Status Appender::resolve(const nx_series_table& table, std::span<std::uint64_t> refs,
                         std::span<std::uint8_t> codes) {
  return impl_->backend->call(
      impl_->backend->resolve, [&](const nx_storage& t, void*, nx_error* err) {
        return t.resolve(impl_->txn, &table, refs.data(), codes.data(), err);
      });
}

Status Appender::append(const nx_sample_batch& batch, nx_append_result& result) {
  return impl_->backend->call(
      impl_->backend->append, [&](const nx_storage& t, void*, nx_error* err) {
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
  return made;
}

Status Appender::commit(nx_append_result& result) {
  nx_txn* const txn = std::exchange(impl_->txn, nullptr);
  return impl_->backend->call(
      impl_->backend->commit, [&](const nx_storage& t, void*, nx_error* err) {
        return t.commit(txn, &result, err);
      });
}

}  // namespace narthex::store
