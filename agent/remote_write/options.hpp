// SPDX-License-Identifier: Apache-2.0
// options.hpp - what sending by remote write can be told: Prometheus's `remote_write` section and
// `[storage.remote_write]`. Plain data; defaults are Prometheus's.
#pragma once

#include "net/options.hpp"
#include "relabel/options.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace narthex::remote_write {

struct QueueOptions {
  std::uint64_t capacity = 10'000;  // rows a shard holds in memory
  std::uint64_t max_shards = 50;
  std::uint64_t min_shards = 1;
  std::uint64_t max_samples_per_send = 2'000;
  std::int64_t batch_send_deadline_ms = 5'000;
  std::int64_t min_backoff_ms = 30;
  std::int64_t max_backoff_ms = 5'000;
  bool retry_on_http_429 = false;
  std::int64_t sample_age_limit_ms = 0;  // 0: samples of any age are sent
  friend bool operator==(const QueueOptions&, const QueueOptions&) = default;
};

struct MetadataOptions {
  bool send = true;
  std::int64_t send_interval_ms = 60'000;
  std::uint64_t max_samples_per_send = 2'000;
  friend bool operator==(const MetadataOptions&, const MetadataOptions&) = default;
};

enum class Protocol { kV1, kV2 };

struct DestinationOptions {
  std::string url;
  std::string shown_url;  // without the password that it may have
  std::string name;       // unique; made of the configuration when none is given
  bool name_given = false;
  Protocol protocol = Protocol::kV1;
  std::int64_t remote_timeout_ms = 30'000;
  std::map<std::string, std::string> headers;
  std::vector<relabel::RuleOptions> write_relabel_configs;
  bool send_exemplars = false;
  bool send_native_histograms = false;  // 2.0 always sends them
  QueueOptions queue;
  MetadataOptions metadata;
  net::ClientOptions client;
  std::string fingerprint;  // equal over a reload: the destination goes on untouched
};

struct RemoteWriteOptions {
  std::vector<DestinationOptions> destinations;
  std::vector<std::pair<std::string, std::string>> external_labels;
  std::uint64_t max_bytes = std::uint64_t{4} << 30;  // of the log, for all destinations
  std::int64_t max_age_ms = 0;                       // how long rows wait in it; 0: for ever
  std::uint64_t segment_bytes = 0;                   // of its files; 0: the log's own
};

}  // namespace narthex::remote_write
