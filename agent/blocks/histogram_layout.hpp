// SPDX-License-Identifier: Apache-2.0
// histogram_layout.hpp - what all histograms of a chunk have in common: schema, zero threshold,
// spans and bounds. A value type.
#pragma once

#include "blocks/bits.hpp"
#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <vector>

namespace narthex::blocks {

struct HistogramLayout {
  std::int32_t schema = 0;
  double zero_threshold = 0;
  std::vector<nx_span> positive, negative;
  std::vector<double> bounds;  // with NX_SCHEMA_CUSTOM

  static HistogramLayout of(const nx_histogram& histogram);
  // Buckets beyond `buckets_max` are damage.
  static Result<HistogramLayout> read(BitReader& in, std::size_t buckets_max);
  void write(BitWriter& out) const;

  std::size_t bucket_count() const;
  // The shape without numbers; spans and bounds are copied into `memory`.
  nx_histogram to_histogram(Samples& memory, bool is_float) const;
  friend bool operator==(const HistogramLayout& a, const HistogramLayout& b);
};

}  // namespace narthex::blocks
