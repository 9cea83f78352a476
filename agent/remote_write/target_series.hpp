// SPDX-License-Identifier: Apache-2.0
// target_series.hpp - a series as a destination gets it: with external labels, relabeled. What is
// sent of it again and again is encoded once.
#pragma once

#include "relabel/relabel.hpp"
#include "remote_write/frame.hpp"

#include <narthex/sdk/labels.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::remote_write {

struct TargetSeries {
  Labels labels;
  std::string label_fields;  // as a TimeSeries of 1.0 has them
  std::uint64_t hash = 0;    // of the labels: the same in every process
  // For who encodes requests: whether and where the series stands in the one being made.
  mutable std::uint64_t request = 0;
  mutable std::uint32_t slot = 0;
};
using TargetSeriesRef = std::shared_ptr<const TargetSeries>;

// Immutable, thread-safe.
class SeriesMapper {
 public:
  SeriesMapper(Labels external, relabel::Program rules)
      : external_(std::move(external)), rules_(std::move(rules)) {}
  // Null: the rules drop it, or leave no label.
  TargetSeriesRef map(const std::vector<LabelView>& labels) const;

 private:
  const Labels external_;
  const relabel::Program rules_;
};

}  // namespace narthex::remote_write
