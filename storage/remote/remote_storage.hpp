// SPDX-License-Identifier: Apache-2.0
// remote_storage.hpp - the component "remote": keeps nothing itself, writes to another engine by
// remote write 1.0 and reads from it by remote read, or by VictoriaMetrics's export. Thread-safe.
#pragma once

#include "storage/remote/engine_reader.hpp"
#include "storage/remote/write_txn.hpp"

#include <narthex/sdk/storage.hpp>

#include <memory>
#include <string_view>

namespace narthex::storage::remote {

class RemoteStorage {
 public:
  using Options = remote::Options;
  static constexpr std::string_view kName = "remote";
  static constexpr std::string_view kSummary =
      "Another engine, behind remote write and remote read: VictoriaMetrics, Mimir, Cortex, Thanos";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_HTTP), NX_STR(NX_EXT_TEXT)};
  static constexpr std::string_view kSchema = R"("$ref": "narthex:http_client")";
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"url", &Options::url, R"("")",
       "Where the engine's HTTP API is, without /api/v1: http://127.0.0.1:8428, "
       "http://mimir:8080/prometheus."},
      {"engine",
       &Options::engine,
       R"("prometheus")",
       "How series are read: by remote read, or by VictoriaMetrics's export.",
       {},
       R"("enum": ["prometheus", "victoriametrics"])"},
      {"write_url", &Options::write_url, R"("")",
       "Where samples are sent; url + /api/v1/write unless given."},
      {"read_url", &Options::read_url, R"("")",
       "Where series are read; url + /api/v1/read or /api/v1/export unless given."},
      {"timeout", &Options::timeout_ms, R"("30s")", "How long a request may take.", "duration",
       R"("minimum": 1)"},
      {"samples_per_request",
       &Options::samples_per_request,
       "5000",
       "Samples a write request has at most.",
       {},
       R"("minimum": 1, "maximum": 1000000)"},
      {"read_max_bytes", &Options::read_max_bytes, R"("256MiB")",
       "What one answer may have, decompressed.", "bytes", R"("minimum": 1)"},
      {"known_series_max",
       &Options::known_series_max,
       "2000000",
       "Series written within an hour; more are refused.",
       {},
       R"("minimum": 1)"},
  };

  // `config` is valid as long as this object: the HTTP client is made from it.
  RemoteStorage(sdk::Host host, Options options, sdk::Value config);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);

  Status start();
  void stop();

  std::uint64_t capabilities() const;
  std::unique_ptr<sdk::StorageTxn> begin(const nx_txn_opts& opts);
  std::unique_ptr<sdk::StorageQuerier> open(std::int64_t min_t, std::int64_t max_t);
  // What the engine keeps is the engine's matter: deletion and snapshots are refused, retention is
  // left to it.
  Status delete_series(sdk::Matchers matchers, std::int64_t min_t, std::int64_t max_t);
  Status clean_deleted() { return Status(); }
  Status snapshot(std::string_view directory, std::uint32_t flags);
  Status set_retention(const nx_retention&) { return Status(); }
  nx_status maintain(std::int64_t deadline_mono_ns);
  nx_value stats(std::uint32_t top, sdk::TreeArena& arena);
  Result<std::uint64_t> cohort_open(const nx_cohort_opts&) { return std::uint64_t{0}; }
  void cohort_close(std::uint64_t) {}

 private:
  const sdk::Host host_;
  const sdk::Value config_;
  const Places places_;
  HttpDoor door_;
  SeriesBook book_;
  Writing writing_;
  const EngineReader reader_;
};

}  // namespace narthex::storage::remote
