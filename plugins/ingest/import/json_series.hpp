// SPDX-License-Identifier: Apache-2.0
// json_series.hpp - one line of VictoriaMetrics's JSON lines:
//   {"metric":{"__name__":"up","job":"a"},"values":[1,null,"NaN"],"timestamps":[1700000000000,...]}
// Times are milliseconds; a value that is null is left out. Pure; one thread.
#pragma once

#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::import {

class JsonSeries {
 public:
  // False: fault() and column() say what is wrong. Members of other names are skipped.
  bool parse(std::string_view line);

  std::string_view metric() const { return metric_; }  // the object, as it stands in the line
  std::size_t size() const { return times_.size(); }
  std::int64_t time_ms(std::size_t i) const { return times_[i]; }
  double value(std::size_t i) const { return values_[i]; }
  bool is_null(std::size_t i) const { return nulls_[i]; }
  std::size_t column() const { return column_; }  // from 1
  const std::string& fault() const { return fault_; }

 private:
  std::string_view metric_;
  std::vector<double> values_;
  std::vector<bool> nulls_;
  std::vector<std::int64_t> times_;
  std::size_t column_ = 0;
  std::string fault_;
};

// The labels of a `metric` object. REQUIRES: parse() took it.
void read_metric(std::string_view metric, sdk::SeriesLabels& labels);

}  // namespace narthex::ingest::import
