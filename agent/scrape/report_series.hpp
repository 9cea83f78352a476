// SPDX-License-Identifier: Apache-2.0
// report_series.hpp - the series that a scrape has about itself (up, scrape_duration_seconds, ...):
// their references in the storage, and their rows. Used by one thread at a time.
#pragma once

#include "scrape/workbench.hpp"
#include "store/store.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace narthex::scrape {

struct ReportValues {
  bool up = false;
  double duration_s = 0;
  std::uint64_t scraped = 0;
  std::uint64_t kept = 0;
  std::uint64_t added = 0;
  // Of --enable-feature=extra-scrape-metrics.
  double timeout_s = 0;
  std::uint64_t sample_limit = 0;
  std::int64_t body_bytes = 0;
};

class ReportSeries {
 public:
  // Whether the series are known, with or without the extra ones.
  bool resolved(bool extra_metrics) const;
  // Asks the storage for them; until that worked the ones before stay.
  Status resolve(store::Appender& appender, const Labels& target, bool extra_metrics,
                 Workbench& bench);
  // Appends their rows. REQUIRES: resolved.
  void push(const ReportValues& values, std::int64_t t_ms, RowColumns& rows) const;
  // The storage has forgotten them.
  void forget() { refs_.clear(); }
  std::span<const std::uint64_t> refs() const { return refs_; }

 private:
  std::vector<std::uint64_t> refs_;
};

}  // namespace narthex::scrape
