// SPDX-License-Identifier: Apache-2.0
// loader.hpp - takes what readers read, keeps what was asked for, and writes it in batches.
// Thread: one at a time.
#pragma once

#include "blocks/sink.hpp"
#include "store/matcher.hpp"
#include "transfer/batch.hpp"

#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

namespace narthex::transfer {

using Selector = std::vector<store::Matcher>;

struct LoadOptions {
  blocks::TimeRange range;
  std::vector<Selector> selectors;  // series that match any; none: all
  Labels added;                     // win over the labels of the series
};

struct LoadCounts {
  std::uint64_t series = 0;  // distinct ones
  std::uint64_t histograms = 0;
  std::uint64_t outside = 0;  // samples outside the range, and not counted elsewhere
  std::uint64_t bytes = 0;    // of the files, as far as they were read
  std::int64_t oldest = INT64_MAX, newest = INT64_MIN;
  WriteCounts written;
};

class Loader final : public blocks::SampleSink {
 public:
  // The target outlives the loader. `progress` is called now and then, also while nothing is
  // written.
  Loader(LoadOptions options, BatchTarget& target, std::function<void(const LoadCounts&)> progress);

  std::uint64_t series(std::span<const nx_label> labels) override;
  Status samples(std::uint64_t series, const blocks::SampleView& samples) override;
  Status exemplar(std::uint64_t series, const nx_exemplar& exemplar) override;
  Status metadata(std::uint64_t series, const blocks::SeriesMetadata& metadata) override;
  Status release() override;
  void progress(std::uint64_t bytes) override;
  // Facts of a family that the source names itself.
  void family(FamilyFacts facts);

  // Writes what is left, and ends the target.
  Status finish();
  const LoadCounts& counts() const { return counts_; }

 private:
  Status flush();
  bool wanted(std::span<const nx_label> labels) const;
  std::span<const nx_label> with_added(std::span<const nx_label> labels);
  void add_row(std::uint32_t index, const blocks::SampleView& samples, std::size_t row);

  const LoadOptions options_;
  BatchTarget& target_;
  const std::function<void(const LoadCounts&)> progress_;
  std::vector<LoadSeries> series_;          // number - 1
  std::unordered_set<std::uint64_t> seen_;  // hashes of label sets
  std::map<std::string, FamilyFacts> families_;
  Batch batch_;
  std::vector<nx_label> labels_;
  LoadCounts counts_;
};

}  // namespace narthex::transfer
