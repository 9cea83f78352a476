// SPDX-License-Identifier: Apache-2.0
// found_series.hpp - what the engine answered: series with their samples, owned. Filled by one
// thread, then settled, then read.
#pragma once

#include <narthex/sdk/labels.hpp>
#include <narthex/storage.h>

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <vector>

namespace narthex::storage::remote {

struct FoundSeries {
  Labels labels;
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<std::uint32_t> h;  // index into the histograms, NX_NONE: none; empty: floats only

  void add(std::int64_t time, double value) {
    t.push_back(time);
    v.push_back(value);
    if (!h.empty()) h.push_back(NX_NONE);
  }
  void add_histogram(std::int64_t time, std::uint32_t index) {
    if (h.empty()) h.assign(t.size(), NX_NONE);
    t.push_back(time);
    v.push_back(0);
    h.push_back(index);
  }
};

class Found {
 public:
  std::vector<FoundSeries> series;
  std::vector<nx_histogram> histograms;

  std::pmr::memory_resource& memory() { return memory_; }

  // Sorts series by labels and samples by time, makes one of those that are equal, and leaves out
  // what the options do not ask for: other times, stale markers, series of other shards.
  void settle(const nx_scan_opts& options);

 private:
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace narthex::storage::remote
