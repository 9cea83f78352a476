// SPDX-License-Identifier: Apache-2.0
#include "storage/remote/remote_storage.hpp"

#include "storage/remote/remote_querier.hpp"

#include <vector>

namespace narthex::storage::remote {
namespace {

Places places_of(const Options& options) {
  Result<Places> places = Places::of(options);
  if (!places.ok()) throw sdk::Error(invalid_config(places.status().message()));
  return *std::move(places);
}

}  // namespace

RemoteStorage::RemoteStorage(sdk::Host host, Options options, sdk::Value config)
    : host_(host),
      config_(config),
      places_(places_of(options)),
      door_(host, options.timeout_ms),
      book_(static_cast<std::size_t>(options.known_series_max)),
      writing_{door_,
               book_,
               places_.write,
               static_cast<std::size_t>(options.samples_per_request),
               places_.export_.empty(),
               [host] { return host.mono_ns(); }},
      reader_(host, door_, places_, static_cast<std::uint64_t>(options.read_max_bytes)) {}

Status RemoteStorage::validate(sdk::Host host, const Options& options, sdk::Value config) {
  const Result<Places> places = Places::of(options);
  return places.ok() ? Status() : host.config_error(config, places.status().message());
}

Status RemoteStorage::start() { return door_.open(config_); }
void RemoteStorage::stop() { door_.close(); }

std::uint64_t RemoteStorage::capabilities() const {
  std::uint64_t all = NX_STORAGE_READ;
  if (!places_.write.empty()) all |= NX_STORAGE_WRITE | NX_STORAGE_DURABLE;
  if (writing_.histograms) all |= NX_STORAGE_HISTOGRAMS;
  if (!places_.api.empty()) all |= NX_STORAGE_METADATA;
  return all;
}

std::unique_ptr<sdk::StorageTxn> RemoteStorage::begin(const nx_txn_opts&) {
  if (places_.write.empty()) {
    throw sdk::Error(NX_ERR_UNSUPPORTED, "this remote storage is read only: it has no write_url");
  }
  return std::make_unique<WriteTxn>(writing_);
}

std::unique_ptr<sdk::StorageQuerier> RemoteStorage::open(std::int64_t min_t, std::int64_t max_t) {
  return std::make_unique<RemoteQuerier>(reader_, min_t, max_t);
}

Status RemoteStorage::delete_series(sdk::Matchers, std::int64_t, std::int64_t) {
  return {NX_ERR_UNSUPPORTED, "series of a remote storage are deleted in the engine itself"};
}

Status RemoteStorage::snapshot(std::string_view, std::uint32_t) {
  return {NX_ERR_UNSUPPORTED, "a remote storage has no files to make a snapshot of"};
}

nx_status RemoteStorage::maintain(std::int64_t) {
  book_.forget_unused(host_.mono_ns());
  return NX_END;
}

// What is known here: the series that are being written. The engine has statistics of its own; what
// is not known is 0, so that the answer has its usual shape.
nx_value RemoteStorage::stats(std::uint32_t, sdk::TreeArena& arena) {
  std::vector<nx_kv> head, all;
  head.push_back(arena.entry("numSeries", arena.integer(static_cast<std::int64_t>(book_.size()))));
  for (const char* unknown : {"numLabelPairs", "chunkCount", "minTime", "maxTime"}) {
    head.push_back(arena.entry(unknown, arena.integer(0)));
  }
  all.push_back(arena.entry("headStats", arena.table(head)));
  for (const char* ranking : {"seriesCountByMetricName", "labelValueCountByLabelName",
                              "memoryInBytesByLabelName", "seriesCountByLabelValuePair"}) {
    all.push_back(arena.entry(ranking, arena.array({})));
  }
  return arena.table(all);
}

}  // namespace narthex::storage::remote
