// SPDX-License-Identifier: Apache-2.0
// result_json.hpp - a query's result as the JSON of the API: matrix, vector, scalar, string, native
// histograms. Encodes series by series, so that a large answer need not be in memory as a whole.
#pragma once

#include "promql/engine.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::api {

// Seconds with the three digits of the milliseconds when there are some: 1.100
void append_timestamp(std::string& out, std::int64_t t_ms);

class ResultEncoder {
 public:
  // The result must outlive it.
  explicit ResultEncoder(const promql::QueryResult& result) : result_(result) {}

  // {"resultType":"matrix","result":[
  void begin(std::string& out) const;
  // One series of a vector or matrix.
  void append_series(std::string& out, const promql::ResultSeries& series);
  // A place between two samples of a series: floats come first, then histograms. Where none of its
  // own kind is behind it, no comma follows.
  struct Place {
    enum class At : std::uint8_t { kLabels, kValues, kHistograms };
    At at = At::kLabels;
    std::size_t sample = 0;
    bool comma = false;
  };
  // Moves on by so much work, in bytes of text by and large, and takes it off. True: that was the
  // end of the series, and place is at the start of the next.
  bool skip_part(const promql::ResultSeries& series, Place& place, std::size_t& work) const;
  // Writes what is between two places; `to` at the start of a series is its end here.
  void append_part(std::string& out, const promql::ResultSeries& series, Place from,
                   const Place& to);
  // The value of a scalar or string, in place of series.
  void append_single(std::string& out) const;
  // ] where there are series. The object stays open: statistics may follow.
  void end(std::string& out) const;

  bool has_series() const;

 private:
  void append_labels(std::string& out, const promql::LabelSet& labels);
  void append_single_sample(std::string& out, const promql::ResultSeries& series);
  void append_values(std::string& out, const promql::ResultSeries& series, Place& place,
                     std::size_t last);
  void append_histograms(std::string& out, const promql::ResultSeries& series, Place& place,
                         std::size_t last);

  // `[1700000000.123,` of sample i of a series. Series of one result mostly share their times, so
  // the texts of one serve the next.
  struct TimeText {
    std::int64_t t_ms = 0;
    std::uint32_t size = 0;  // 0: not made yet
    char text[28] = {};      // the longest time has 23 bytes
  };
  const TimeText& time_text(std::size_t i, std::int64_t t_ms);
  void append_time(std::string& out, std::size_t i, std::int64_t t_ms);

  const promql::QueryResult& result_;
  std::vector<TimeText> times_;
  std::vector<std::string> symbols_;  // escaped label texts by symbol; empty: not made yet
};

}  // namespace narthex::api
