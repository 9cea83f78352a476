// SPDX-License-Identifier: Apache-2.0
// series_stream.hpp - the series of a store that match any of some selectors, in label order, each
// once and with all its samples of a time range. Memory: one series a selector, beside what the
// storage holds. Thread: one at a time.
#pragma once

#include "blocks/samples.hpp"
#include "blocks/sink.hpp"
#include "store/store.hpp"
#include "transfer/loader.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <span>
#include <vector>

namespace narthex::transfer {

// One series; the views live until the next next().
struct StreamedSeries {
  std::span<const nx_label> labels;
  blocks::SampleView samples;
};

class SeriesStream {
 public:
  // No selectors: all series. The store outlives the stream.
  static Result<SeriesStream> open(store::Store& store, const std::vector<Selector>& selectors,
                                   const blocks::TimeRange& range);
  SeriesStream(SeriesStream&&) noexcept;
  ~SeriesStream();

  // False at the end and after a failure: ask status().
  bool next();
  const StreamedSeries& series() const;
  const Status& status() const;

 private:
  struct Impl;
  explicit SeriesStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// First and last sample of the store; min_t > max_t when there is none or the storage cannot say.
blocks::TimeRange extent_of(const store::Store& store);

}  // namespace narthex::transfer
