// SPDX-License-Identifier: Apache-2.0
#include "store/querier.hpp"

#include <narthex/sdk/text.hpp>

#include <utility>

namespace narthex::store {
namespace {

using RawMatchers = std::vector<const nx_matcher*>;

RawMatchers raw(std::span<const Matcher> matchers) {
  RawMatchers out;
  out.reserve(matchers.size());
  for (const Matcher& m : matchers) out.push_back(m.raw());
  return out;
}

std::uint32_t count(const RawMatchers& matchers) {
  return static_cast<std::uint32_t>(matchers.size());
}

void collect(void* context, const nx_str* items, std::uint64_t item_count) {
  auto& out = *static_cast<std::vector<std::string>*>(context);
  for (std::uint64_t i = 0; i < item_count; ++i) out.emplace_back(view(items[i]));
}

}  // namespace

Querier::Impl::~Impl() {
  backend->call_void(backend->close, [&](const nx_storage& t, void*) { t.close(querier); });
}

Querier::Querier(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Querier::Querier(Querier&&) noexcept = default;
Querier::~Querier() = default;

Result<std::vector<std::string>> Querier::label_names(std::span<const Matcher> matchers,
                                                      std::uint64_t limit) {
  const Backend& backend = *impl_->backend;
  const RawMatchers m = raw(matchers);
  std::vector<std::string> names;
  const Status status =
      backend.call(backend.label_names, [&](const nx_storage& t, void*, nx_error* err) {
        return t.label_names(impl_->querier, m.data(), count(m), limit, &collect, &names, err);
      });
  if (!status.ok()) return status;
  return names;
}

Result<std::vector<std::string>> Querier::label_values(std::string_view name,
                                                       std::span<const Matcher> matchers,
                                                       std::uint64_t limit) {
  const Backend& backend = *impl_->backend;
  const RawMatchers m = raw(matchers);
  std::vector<std::string> values;
  const Status status =
      backend.call(backend.label_values, [&](const nx_storage& t, void*, nx_error* err) {
        return t.label_values(impl_->querier, to_nx(name), m.data(), count(m), limit, &collect,
                              &values, err);
      });
  if (!status.ok()) return status;
  return values;
}

Result<Cursor> Querier::select(std::span<const Matcher> matchers, nx_scan_opts opts) {
  const Backend& backend = *impl_->backend;
  const RawMatchers m = raw(matchers);
  opts.struct_size = sizeof opts;
  nx_cursor* cursor = nullptr;
  const Status status =
      backend.call(backend.select, [&](const nx_storage& t, void*, nx_error* err) {
        return t.select(impl_->querier, m.data(), count(m), &opts, &cursor, err);
      });
  if (!status.ok()) return status;
  return Cursor(std::make_unique<Cursor::Impl>(impl_, impl_->backend, cursor));
}

Status Querier::exemplars(const std::vector<std::vector<Matcher>>& sets,
                          const std::function<void(const nx_exemplar_series&)>& use) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, exemplars)) return Backend::unsupported("exemplars");
  std::vector<RawMatchers> lists;
  std::vector<const nx_matcher* const*> pointers;
  std::vector<std::uint32_t> sizes;
  for (const std::vector<Matcher>& set : sets) lists.push_back(raw(set));
  for (const RawMatchers& list : lists) {
    pointers.push_back(list.data());
    sizes.push_back(count(list));
  }
  const nx_exemplar_sink sink = [](void* context, const nx_exemplar_series* series) {
    (*static_cast<const std::function<void(const nx_exemplar_series&)>*>(context))(*series);
  };
  return backend.call(backend.exemplars, [&](const nx_storage& t, void*, nx_error* err) {
    return t.exemplars(impl_->querier, pointers.data(), sizes.data(),
                       static_cast<std::uint32_t>(sizes.size()), sink,
                       const_cast<std::function<void(const nx_exemplar_series&)>*>(&use), err);
  });
}

Status Querier::metadata(std::string_view family, std::uint64_t limit,
                         const std::function<void(std::span<const nx_metadata>)>& use) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, metadata)) return Backend::unsupported("metadata");
  using Use = std::function<void(std::span<const nx_metadata>)>;
  const nx_metadata_sink sink = [](void* context, const nx_metadata* items,
                                   std::uint64_t item_count) {
    (*static_cast<const Use*>(context))(std::span(items, item_count));
  };
  return backend.call(backend.metadata, [&](const nx_storage& t, void*, nx_error* err) {
    return t.metadata(impl_->querier, to_nx(family), limit, sink, const_cast<Use*>(&use), err);
  });
}

void Querier::cancel() {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, cancel)) return;
  backend.call_void(backend.cancel, [&](const nx_storage& t, void*) { t.cancel(impl_->querier); });
}

Cursor::Impl::Impl(std::shared_ptr<const void> keeps, std::shared_ptr<const Backend> the_backend,
                   nx_cursor* opened)
    : querier(std::move(keeps)), backend(std::move(the_backend)), cursor(opened) {
  block.struct_size = sizeof block;
}

Cursor::Impl::~Impl() {
  backend->call_void(backend->cursor_close,
                     [&](const nx_storage& t, void*) { t.cursor_close(cursor); });
}

Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

bool Cursor::next() {
  Impl& impl = *impl_;
  if (impl.ended) return false;
  nx_status code = NX_END;
  impl.status = impl.backend->call(
      impl.backend->next,
      [&](const nx_storage& t, void*, nx_error* err) {
        return t.next(impl.cursor, &impl.block, err);
      },
      &code);
  impl.ended = !impl.status.ok() || code == NX_END;
  return !impl.ended;
}

const nx_block& Cursor::block() const { return impl_->block; }
const Status& Cursor::status() const { return impl_->status; }

}  // namespace narthex::store
