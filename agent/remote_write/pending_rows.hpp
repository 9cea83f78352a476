// SPDX-License-Identifier: Apache-2.0
// pending_rows.hpp - the rows of one transaction until it commits. Plain data; one thread.
#pragma once

#include "remote_write/series_book.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::remote_write {

struct PendingRows {
  struct Sample {
    BookedSeries* series;
    std::int64_t t;
    std::int64_t start;
    double v;
  };
  struct Histogram {
    BookedSeries* series;
    std::int64_t t;
    std::int64_t start;
    std::string encoded;
  };
  struct Exemplar {
    BookedSeries* series;
    std::int64_t t;
    double v;
    std::string labels;  // encoded
  };
  std::vector<Sample> samples;
  std::vector<Histogram> histograms;
  std::vector<Exemplar> exemplars;
  std::vector<std::shared_ptr<const BookedRow>> rows;  // keep what the above points to
  bool empty() const { return samples.empty() && histograms.empty() && exemplars.empty(); }
};

}  // namespace narthex::remote_write
