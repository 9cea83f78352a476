// SPDX-License-Identifier: Apache-2.0
// histogram_encoder.hpp - makes one chunk of native histograms. No thread rules.
#pragma once

#include "blocks/bits.hpp"
#include "blocks/chunk.hpp"
#include "blocks/histogram_layout.hpp"
#include "blocks/xor_value.hpp"

#include <cstdint>
#include <vector>

namespace narthex::blocks {

class HistogramEncoder {
 public:
  // False: it needs a chunk of its own, since kind or layout differ, a counter was reset, or the
  // chunk ends with a staleness marker. The first one is always taken.
  bool add(std::int64_t t, const nx_histogram& histogram);
  EncodedChunk finish();

 private:
  bool fits(const nx_histogram& histogram) const;
  void begin(std::int64_t t, const nx_histogram& histogram);
  void write_time(std::int64_t t);
  void write_integers(const nx_histogram& histogram);
  void write_floats(const nx_histogram& histogram);
  void remember(const nx_histogram& histogram);

  BitWriter out_;
  EncodedChunk chunk_;
  HistogramLayout layout_;
  bool gauge_ = false;
  std::int64_t t_ = 0, t_step_ = 0;
  double sum_ = 0;
  // Integer histograms: the last value and its last step, of count, zero count and buckets.
  std::vector<std::int64_t> values_, steps_;
  // Float histograms: count, zero count and buckets.
  std::vector<XorValue> floats_;
  XorValue sum_bits_;
  // The last absolute bucket counts, by which resets are seen.
  std::vector<double> absolute_;
};

}  // namespace narthex::blocks
