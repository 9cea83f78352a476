// SPDX-License-Identifier: Apache-2.0
// options.hpp - what storage can be told. Plain data.
#pragma once

#include "document/document.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace narthex::store {

struct RetentionOptions {
  std::int64_t max_age_ms = std::int64_t{15} * 24 * 3600 * 1000;
  std::uint64_t max_bytes = 0;    // 0: unlimited
  std::uint32_t max_percent = 0;  // of the file system; 0: unlimited
  friend bool operator==(const RetentionOptions&, const RetentionOptions&) = default;
};

struct StorageOptions {
  std::string backend = "tsdb";
  std::string data_dir = "data";
  RetentionOptions retention;
  std::string fsync = "interval";      // always interval never
  std::uint64_t memory_max_bytes = 0;  // [storage.memory] max_bytes; 0: a quarter of the RAM
  // [storage.tsdb]; 0: as the backend has it, 96 and 32 MiB.
  std::uint64_t head_bytes = 0;
  std::uint64_t page_cache_bytes = 0;
  std::int64_t max_exemplars = 100'000;
  // [storage.remote], the options of the backend "remote"; null: none given.
  std::shared_ptr<const document::Document> remote;
  std::string remote_fingerprint;
  friend bool operator==(const StorageOptions&, const StorageOptions&) = default;
};

// An endpoint of remote_read: asked beside the storage.
struct RemoteReadOptions {
  std::string url;
  std::string name;
  std::vector<std::pair<std::string, std::string>> required_matchers;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timeout_ms = 60'000;
  std::uint64_t chunked_read_limit = 50'000'000;  // bytes of a frame of a streamed answer
  bool read_recent = false;                       // also for times that the storage has
  bool filter_external_labels = true;
  // The options of its HTTP client.
  std::shared_ptr<const document::Document> client;
  std::string fingerprint;  // equal over a reload: it stays as it is
};

}  // namespace narthex::store
