// SPDX-License-Identifier: Apache-2.0
// options.hpp - what storage can be told. Plain data.
#pragma once

#include <cstdint>
#include <string>

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
  std::int64_t max_exemplars = 100'000;
  friend bool operator==(const StorageOptions&, const StorageOptions&) = default;
};

}  // namespace narthex::store
