// SPDX-License-Identifier: Apache-2.0
// latest.hpp - the newest sample of every series that some selectors match: what a federating
// server gets. Stale series are left out, since no exposition format has a mark of staleness.
#pragma once

#include "runtime/cancel.hpp"
#include "store/store.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace narthex::federate {

using Selector = std::vector<store::Matcher>;

struct LatestSample {
  std::string_view name;
  const nx_label* labels = nullptr;  // without the name; sorted
  std::uint32_t label_count = 0;
  std::int64_t t = 0;
  double v = 0;
  const nx_histogram* histogram = nullptr;  // instead of v
};

// What must not stand in one family, in the order of exposition. Custom buckets are exposed as
// classic ones, and a scraper takes a family's histograms to be all as the first of them is.
enum class FamilyKind { kFloat, kHistogram, kGaugeHistogram, kCustom, kGaugeCustom };
FamilyKind family_kind(const LatestSample& sample);

// Sorted by name, then by kind, so that each of them is one family; then by labels. Owns what the
// samples look at. Immutable once collected.
class Latest {
 public:
  // Of samples in [min_t, max_t]. Series without a name are left out, and a selector without
  // matchers selects nothing. More than series_max (0: no limit): NX_ERR_EXHAUSTED.
  static Result<std::shared_ptr<const Latest>> collect(
      store::Store& store, const std::vector<Selector>& selectors, std::int64_t min_t,
      std::int64_t max_t, std::uint64_t series_max,
      const std::shared_ptr<runtime::Cancellation>& cancellation);

  const std::vector<LatestSample>& samples() const { return samples_; }

 private:
  Status add_selector(store::Querier& querier, const Selector& selector, std::int64_t min_t,
                      std::int64_t max_t, std::uint64_t series_max);
  bool add_series(const nx_block& block, std::uint32_t s);
  void settle();
  std::string_view keep(nx_str text);
  const nx_histogram* keep(const nx_histogram& histogram);
  template <class T>
  const T* keep(const T* from, std::size_t count);

  std::pmr::monotonic_buffer_resource memory_;
  std::vector<LatestSample> samples_;
};

}  // namespace narthex::federate
