// SPDX-License-Identifier: Apache-2.0
// sink.hpp - who takes what the readers read. Called from the reading thread.
#pragma once

#include "blocks/samples.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::blocks {

// Both inclusive. Readers may yield samples outside it: it only saves them work.
struct TimeRange {
  std::int64_t min_t = INT64_MIN;
  std::int64_t max_t = INT64_MAX;
  bool overlaps(std::int64_t first, std::int64_t last) const {
    return first <= max_t && last >= min_t;
  }
  bool contains(std::int64_t t) const { return t >= min_t && t <= max_t; }
};

struct SeriesMetadata {
  std::uint32_t type = NX_TYPE_UNKNOWN;
  std::string_view unit, help;
};

class SampleSink {
 public:
  virtual ~SampleSink() = default;
  static constexpr std::uint64_t kUnwanted = 0;

  // Names a series; labels are sorted and borrowed for the call. The answer stands for it until
  // release(); kUnwanted: its samples need not be read.
  virtual std::uint64_t series(std::span<const nx_label> labels) = 0;
  // Samples of it, borrowed for the call. A failure ends the reading.
  virtual Status samples(std::uint64_t series, const SampleView& samples) = 0;
  virtual Status exemplar(std::uint64_t series, const nx_exemplar& exemplar) = 0;
  virtual Status metadata(std::uint64_t series, const SeriesMetadata& metadata) = 0;
  // No series named so far comes again under its number.
  virtual Status release() = 0;
  // So many bytes of files have been read since the last call.
  virtual void progress(std::uint64_t bytes) = 0;
};

}  // namespace narthex::blocks
