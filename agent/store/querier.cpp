// SPDX-License-Identifier: Apache-2.0
#include "store/querier.hpp"

#include <narthex/sdk/text.hpp>

#include <algorithm>
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

// What a backend's cursor yields.
class BackendCursor final : public CursorSource {
 public:
  BackendCursor(std::shared_ptr<const BackendQuerier> keeps, nx_cursor* opened)
      : querier_(std::move(keeps)), cursor_(opened) {
    block_.struct_size = sizeof block_;
  }
  ~BackendCursor() override {
    const Backend& backend = *querier_->backend;
    backend.call_void(backend.cursor_close,
                      [&](const nx_storage& t, void*) { t.cursor_close(cursor_); });
  }
  bool next() override {
    if (ended_) return false;
    const Backend& backend = *querier_->backend;
    nx_status code = NX_END;
    std::string missing;
    status_ = backend.call(
        backend.next,
        [&](const nx_storage& t, void*, nx_error* err) {
          const nx_status returned = t.next(cursor_, &block_, err);
          if (returned == NX_PARTIAL) missing = std::string(err->text, err->text_len);
          return returned;
        },
        &code);
    if (code == NX_PARTIAL) querier_->tell(std::move(missing));
    ended_ = !status_.ok() || code != NX_OK;
    return !ended_;
  }
  std::unique_ptr<CursorSource> split() override {
    const Backend& backend = *querier_->backend;
    if (ended_ || !NX_HAS_FN(backend.table, nx_storage, split)) return nullptr;
    nx_cursor* half = nullptr;
    nx_status code = NX_END;
    const Status status = backend.call(
        backend.split,
        [&](const nx_storage& t, void*, nx_error* err) { return t.split(cursor_, &half, err); },
        &code);
    // A cursor that failed to be divided says so again when it is walked.
    if (!status.ok() || code != NX_OK) return nullptr;
    return std::make_unique<BackendCursor>(querier_, half);
  }

 private:
  const std::shared_ptr<const BackendQuerier> querier_;
  nx_cursor* const cursor_;
  bool ended_ = false;
};

}  // namespace

BackendQuerier::~BackendQuerier() {
  backend->call_void(backend->close, [&](const nx_storage& t, void*) { t.close(querier); });
}

Result<std::shared_ptr<BackendQuerier>> BackendQuerier::open(std::shared_ptr<const Backend> backend,
                                                             std::int64_t min_t,
                                                             std::int64_t max_t) {
  nx_querier* querier = nullptr;
  const Status status =
      backend->call(backend->open, [&](const nx_storage& t, void* self, nx_error* err) {
        return t.open(self, min_t, max_t, &querier, err);
      });
  if (!status.ok()) return status;
  return std::make_shared<BackendQuerier>(std::move(backend), querier);
}

Result<std::unique_ptr<CursorSource>> BackendQuerier::select(
    const std::shared_ptr<BackendQuerier>& querier, std::span<const Matcher> matchers,
    const nx_scan_opts& opts) {
  const Backend& backend = *querier->backend;
  const RawMatchers m = raw(matchers);
  nx_scan_opts sized = opts;
  sized.struct_size = sizeof sized;
  nx_cursor* cursor = nullptr;
  const Status status =
      backend.call(backend.select, [&](const nx_storage& t, void*, nx_error* err) {
        return t.select(querier->querier, m.data(), count(m), &sized, &cursor, err);
      });
  if (!status.ok()) return status;
  return std::unique_ptr<CursorSource>(std::make_unique<BackendCursor>(querier, cursor));
}

void BackendQuerier::cancel() const {
  if (!NX_HAS_FN(backend->table, nx_storage, cancel)) return;
  backend->call_void(backend->cancel, [&](const nx_storage& t, void*) { t.cancel(querier); });
}

void BackendQuerier::tell(std::string missing) const {
  const std::lock_guard lock(mutex_);
  if (std::find(missing_.begin(), missing_.end(), missing) != missing_.end()) return;
  missing_.push_back(std::move(missing));
}

std::vector<std::string> BackendQuerier::missing() const {
  const std::lock_guard lock(mutex_);
  return missing_;
}

Querier::Querier(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Querier::Querier(Querier&&) noexcept = default;
Querier::~Querier() = default;

Result<std::vector<std::string>> Querier::label_names(std::span<const Matcher> matchers,
                                                      std::uint64_t limit) {
  const Backend& backend = *impl_->local->backend;
  const RawMatchers m = raw(matchers);
  std::vector<std::string> names;
  const Status status = backend.call(backend.label_names, [&](const nx_storage& t, void*,
                                                              nx_error* err) {
    return t.label_names(impl_->local->querier, m.data(), count(m), limit, &collect, &names, err);
  });
  if (!status.ok()) return status;
  return names;
}

Result<std::vector<std::string>> Querier::label_values(std::string_view name,
                                                       std::span<const Matcher> matchers,
                                                       std::uint64_t limit) {
  const Backend& backend = *impl_->local->backend;
  const RawMatchers m = raw(matchers);
  std::vector<std::string> values;
  const Status status =
      backend.call(backend.label_values, [&](const nx_storage& t, void*, nx_error* err) {
        return t.label_values(impl_->local->querier, to_nx(name), m.data(), count(m), limit,
                              &collect, &values, err);
      });
  if (!status.ok()) return status;
  return values;
}

Result<Cursor> Querier::select(std::span<const Matcher> matchers, nx_scan_opts opts) {
  if (impl_->remotes.empty()) {
    Result<std::unique_ptr<CursorSource>> source =
        BackendQuerier::select(impl_->local, matchers, opts);
    if (!source.ok()) return source.status();
    return Cursor(*std::move(source));
  }
  return select_everywhere(matchers, opts);
}

std::vector<std::string> Querier::warnings() const {
  std::vector<std::string> all = impl_->local->missing();
  for (const RemoteView& remote : impl_->remotes) {
    for (const std::string& text : remote.querier->missing()) all.push_back("remote_read " + text);
  }
  const std::lock_guard lock(impl_->mutex);
  all.insert(all.end(), impl_->warnings.begin(), impl_->warnings.end());
  return all;
}

Status Querier::exemplars(const std::vector<std::vector<Matcher>>& sets,
                          const std::function<void(const nx_exemplar_series&)>& use) {
  const Backend& backend = *impl_->local->backend;
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
    return t.exemplars(impl_->local->querier, pointers.data(), sizes.data(),
                       static_cast<std::uint32_t>(sizes.size()), sink,
                       const_cast<std::function<void(const nx_exemplar_series&)>*>(&use), err);
  });
}

Status Querier::metadata(std::string_view family, std::uint64_t limit,
                         const std::function<void(std::span<const nx_metadata>)>& use) {
  const Backend& backend = *impl_->local->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, metadata)) return Backend::unsupported("metadata");
  using Use = std::function<void(std::span<const nx_metadata>)>;
  const nx_metadata_sink sink = [](void* context, const nx_metadata* items,
                                   std::uint64_t item_count) {
    (*static_cast<const Use*>(context))(std::span(items, item_count));
  };
  return backend.call(backend.metadata, [&](const nx_storage& t, void*, nx_error* err) {
    return t.metadata(impl_->local->querier, to_nx(family), limit, sink, const_cast<Use*>(&use),
                      err);
  });
}

void Querier::cancel() {
  impl_->local->cancel();
  for (const RemoteView& remote : impl_->remotes) remote.querier->cancel();
}

Cursor::Cursor(std::unique_ptr<CursorSource> source) : source_(std::move(source)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;
bool Cursor::next() { return source_->next(); }
std::optional<Cursor> Cursor::split() {
  std::unique_ptr<CursorSource> half = source_->split();
  if (half == nullptr) return std::nullopt;
  return Cursor(std::move(half));
}
const nx_block& Cursor::block() const { return source_->block(); }
const Status& Cursor::status() const { return source_->status(); }

}  // namespace narthex::store
