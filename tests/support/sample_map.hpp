// SPDX-License-Identifier: Apache-2.0
// sample_map.hpp - the slow twin of a storage backend: label set -> time -> value, in maps. What it
// says is right by inspection; fast backends are compared with it on random operations.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace narthex::test {

class SampleMap {
 public:
  struct Sample {
    std::int64_t t;
    std::uint64_t bits;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  using Selects = std::function<bool(const Labels&)>;

  // NX_ROW_OK, NX_ROW_DUPLICATE or NX_ROW_OUT_OF_ORDER.
  std::uint8_t write(const Labels& labels, std::int64_t t, std::uint64_t bits, bool refuse_late) {
    std::map<std::int64_t, std::uint64_t>& samples = series_[labels];
    if (!samples.empty()) {
      const auto& [newest_t, newest_bits] = *samples.rbegin();
      if (t == newest_t) return bits == newest_bits ? NX_ROW_OK : NX_ROW_DUPLICATE;
      if (t < newest_t && refuse_late) return NX_ROW_OUT_OF_ORDER;
    }
    samples[t] = bits;
    return NX_ROW_OK;
  }

  void put(const Labels& labels, Sample sample) { series_[labels][sample.t] = sample.bits; }

  void erase(const Selects& selects, std::int64_t min_t, std::int64_t max_t) {
    for (auto& [labels, samples] : series_) {
      if (!selects(labels)) continue;
      samples.erase(samples.lower_bound(min_t), samples.upper_bound(max_t));
    }
  }

  // Series with samples in range, in label order.
  std::map<Labels, std::vector<Sample>> read(const Selects& selects, std::int64_t min_t,
                                             std::int64_t max_t, bool drop_stale,
                                             bool last_only) const {
    std::map<Labels, std::vector<Sample>> out;
    for (const auto& [labels, samples] : series_) {
      if (!selects(labels)) continue;
      std::vector<Sample> found;
      for (auto at = samples.lower_bound(min_t); at != samples.end() && at->first <= max_t; ++at) {
        found.push_back({at->first, at->second});
      }
      if (last_only && found.size() > 1) found.erase(found.begin(), found.end() - 1);
      if (drop_stale) {
        std::erase_if(found, [](const Sample& s) { return s.bits == NX_STALE_NAN_BITS; });
      }
      if (!found.empty()) out[labels] = found;
    }
    return out;
  }

 private:
  std::map<Labels, std::map<std::int64_t, std::uint64_t>> series_;
};

}  // namespace narthex::test
