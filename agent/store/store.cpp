// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include "store/appender.hpp"
#include "store/backend.hpp"
#include "store/querier.hpp"

#include <narthex/sdk/text.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace narthex::store {

namespace {

// As Prometheus has it: series begin at different times, so that what is older than this after the
// first sample may be there in part only.
constexpr std::int64_t kLocalMarginMs = std::int64_t{4} * 3600 * 1000;

}  // namespace

struct Store::Impl {
  explicit Impl(std::shared_ptr<host::Instance> storage)
      : backend(std::make_shared<const Backend>(std::move(storage))) {}
  const std::shared_ptr<const Backend> backend;
  mutable std::mutex mutex;
  // Guarded by mutex.
  std::shared_ptr<Tap> tap;
  std::vector<std::shared_ptr<const RemoteEndpoint>> remotes;
  std::int64_t local_from = INT64_MAX;
};

Store::Store(std::shared_ptr<host::Instance> storage)
    : impl_(std::make_shared<Impl>(std::move(storage))) {}
Store::~Store() = default;

std::uint64_t Store::capabilities() const {
  const Backend& backend = *impl_->backend;
  std::uint64_t capabilities = 0;
  backend.call_void(backend.capabilities,
                    [&](const nx_storage& t, void* self) { capabilities = t.capabilities(self); });
  return capabilities;
}

void Store::set_tap(std::shared_ptr<Tap> tap) {
  const std::lock_guard lock(impl_->mutex);
  impl_->tap = std::move(tap);
}

Result<Appender> Store::begin(const AppendOptions& options) {
  const Backend& backend = *impl_->backend;
  nx_txn_opts opts{};
  opts.struct_size = sizeof opts;
  opts.origin = to_nx(options.origin);
  opts.deadline_mono_ns = options.deadline_mono_ns;
  opts.cohort = options.cohort;
  nx_txn* txn = nullptr;
  const Status status =
      backend.call(backend.begin, [&](const nx_storage& t, void* self, nx_error* err) {
        return t.begin(self, &opts, &txn, err);
      });
  if (!status.ok()) return status;
  std::shared_ptr<Tap> tap;
  {
    const std::lock_guard lock(impl_->mutex);
    tap = impl_->tap;
  }
  return Appender(std::make_unique<Appender::Impl>(impl_->backend, txn, std::move(tap)));
}

Result<Querier> Store::open_local(std::int64_t min_t_ms, std::int64_t max_t_ms) {
  Result<std::shared_ptr<BackendQuerier>> local =
      BackendQuerier::open(impl_->backend, min_t_ms, max_t_ms);
  if (!local.ok()) return local.status();
  auto querier = std::make_shared<Querier::Impl>();
  querier->local = *std::move(local);
  return Querier(std::move(querier));
}

Result<Querier> Store::open(std::int64_t min_t_ms, std::int64_t max_t_ms) {
  Result<Querier> opened = open_local(min_t_ms, max_t_ms);
  std::vector<std::shared_ptr<const RemoteEndpoint>> remotes;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!opened.ok() || impl_->remotes.empty()) return opened;
    remotes = impl_->remotes;
    opened->impl_->local_from = impl_->local_from;
  }
  for (const std::shared_ptr<const RemoteEndpoint>& endpoint : remotes) {
    Result<std::shared_ptr<BackendQuerier>> remote =
        BackendQuerier::open(endpoint->backend, min_t_ms, max_t_ms);
    if (remote.ok()) {
      opened->impl_->remotes.push_back({endpoint, *std::move(remote)});
    } else {
      opened->impl_->warnings.push_back("remote_read " + remote.status().message());
    }
  }
  return opened;
}

void Store::set_remote_reads(std::vector<RemoteRead> reads) {
  std::vector<std::shared_ptr<const RemoteEndpoint>> remotes;
  for (RemoteRead& read : reads) {
    auto backend = std::make_shared<const Backend>(read.instance);
    remotes.push_back(std::make_shared<const RemoteEndpoint>(
        RemoteEndpoint{std::move(backend), std::move(read)}));
  }
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->remotes = std::move(remotes);
  }
  note_local_range();
}

// Where the storage begins decides what other servers are asked for.
void Store::note_local_range() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->remotes.empty()) return;
  }
  std::int64_t oldest = INT64_MAX, newest = INT64_MIN;
  const Status told = stats(0, [&](sdk::Value tree) {
    oldest = tree["min_time"].get<std::int64_t>(INT64_MAX);
    newest = tree["max_time"].get<std::int64_t>(INT64_MIN);
  });
  const bool has_samples = told.ok() && oldest <= newest && newest != 0;
  const std::lock_guard lock(impl_->mutex);
  impl_->local_from = has_samples ? oldest + kLocalMarginMs : INT64_MAX;
}

Result<std::uint64_t> Store::cohort_open(std::string_view origin, const Labels& base,
                                         std::uint32_t expected_series, std::int64_t interval_ms) {
  const Backend& backend = *impl_->backend;
  if ((capabilities() & NX_STORAGE_COHORTS) == 0) return std::uint64_t{0};
  std::vector<nx_label> labels;
  base.append_to(labels);
  nx_cohort_opts opts{};
  opts.struct_size = sizeof opts;
  opts.origin = to_nx(origin);
  opts.base = labels.data();
  opts.base_count = static_cast<std::uint32_t>(labels.size());
  opts.expected_series = expected_series;
  opts.interval_ms = interval_ms;
  std::uint64_t cohort = 0;
  const Status status =
      backend.call(backend.cohort_open, [&](const nx_storage& t, void* self, nx_error* err) {
        return t.cohort_open(self, &opts, &cohort, err);
      });
  if (!status.ok()) return status;
  return cohort;
}

void Store::cohort_close(std::uint64_t cohort) {
  const Backend& backend = *impl_->backend;
  if (cohort == 0 || !NX_HAS_FN(backend.table, nx_storage, cohort_close)) return;
  backend.call_void(backend.cohort_close,
                    [&](const nx_storage& t, void* self) { t.cohort_close(self, cohort); });
}

Status Store::delete_series(std::span<const Matcher> matchers, std::int64_t min_t_ms,
                            std::int64_t max_t_ms) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, delete_series)) return Backend::unsupported("deletion");
  std::vector<const nx_matcher*> raw;
  for (const Matcher& m : matchers) raw.push_back(m.raw());
  return backend.call(backend.delete_series, [&](const nx_storage& t, void* self, nx_error* err) {
    return t.delete_series(self, raw.data(), static_cast<std::uint32_t>(raw.size()), min_t_ms,
                           max_t_ms, err);
  });
}

Status Store::clean_deleted() {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, clean_deleted)) return Status();
  return backend.call(backend.clean_deleted, [&](const nx_storage& t, void* self, nx_error* err) {
    return t.clean_deleted(self, err);
  });
}

Status Store::snapshot(std::string_view directory, bool skip_head) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, snapshot)) return Backend::unsupported("snapshots");
  const std::uint32_t flags = skip_head ? std::uint32_t{NX_SNAPSHOT_SKIP_HEAD} : 0;
  return backend.call(backend.snapshot, [&](const nx_storage& t, void* self, nx_error* err) {
    return t.snapshot(self, to_nx(directory), flags, err);
  });
}

Status Store::set_retention(const RetentionOptions& options) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, set_retention)) return Status();
  nx_retention retention{};
  retention.struct_size = sizeof retention;
  retention.max_percent = options.max_percent;
  retention.max_age_ms = options.max_age_ms;
  retention.max_bytes = options.max_bytes;
  return backend.call(backend.set_retention, [&](const nx_storage& t, void* self, nx_error* err) {
    return t.set_retention(self, &retention, err);
  });
}

bool Store::maintain(std::int64_t deadline_mono_ns) {
  const Result<bool> more = try_maintain(deadline_mono_ns);
  return more.ok() && *more;
}

Result<bool> Store::try_maintain(std::int64_t deadline_mono_ns) {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, maintain)) return false;
  nx_status code = NX_END;
  const Status status = backend.call(
      backend.maintain,
      [&](const nx_storage& t, void* self, nx_error* err) {
        return t.maintain(self, deadline_mono_ns, err);
      },
      &code);
  if (!status.ok()) return status;
  if (code != NX_OK) note_local_range();
  return code == NX_OK;
}

Status Store::stats(std::uint32_t top, const std::function<void(sdk::Value)>& use) const {
  const Backend& backend = *impl_->backend;
  if (!NX_HAS_FN(backend.table, nx_storage, stats)) return Backend::unsupported("statistics");
  const nx_value_sink sink = [](void* context, const nx_value* tree) {
    (*static_cast<const std::function<void(sdk::Value)>*>(context))(sdk::Value(tree));
  };
  return backend.call(backend.stats, [&](const nx_storage& t, void* self, nx_error* err) {
    return t.stats(self, top, sink, const_cast<std::function<void(sdk::Value)>*>(&use), err);
  });
}

}  // namespace narthex::store
