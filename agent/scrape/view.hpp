// SPDX-License-Identifier: Apache-2.0
// view.hpp - what scraping shows of itself: immutable snapshots for API and UI.
#pragma once

#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::scrape {

enum class Health { kUnknown, kUp, kDown };

struct TargetView {
  std::string scrape_pool;
  Labels discovered_labels;
  Labels labels;  // without __ ones
  std::string scrape_url, global_url;
  std::string last_error;
  std::int64_t last_scrape_ms = 0;  // 0: never
  double last_scrape_duration_s = 0;
  Health health = Health::kUnknown;
  std::int64_t interval_ms = 0, timeout_ms = 0;
};
struct DroppedTargetView {
  std::string scrape_pool;
  Labels discovered_labels;
};
struct MetadataView {
  std::string metric, type, help, unit;
};
struct TargetMetadataView {
  Labels target;
  std::vector<MetadataView> metrics;
};
struct PoolView {
  std::string name;
  std::vector<TargetView> active;
  std::vector<DroppedTargetView> dropped;
  std::uint64_t dropped_total = 0;
};

}  // namespace narthex::scrape
