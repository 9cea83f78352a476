// SPDX-License-Identifier: Apache-2.0
// series_rows.hpp - what a request stores: series, their samples as columns, exemplars, families.
// Filled by the translator, appended once. Not thread-safe; not to be moved once filled.
#pragma once

#include "plugins/ingest/otlp/message.hpp"
#include "plugins/ingest/otlp/native_histogram.hpp"

#include <narthex/sdk/ingest.hpp>
#include <narthex/sdk/series_list.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::otlp {

using LabelMap = std::map<std::string, std::string, std::less<>>;

struct Sample {
  std::int64_t t_ms = 0;
  std::int64_t start_ms = 0;  // 0: unknown
  double value = 0;
};

class SeriesRows {
 public:
  // The number of a series; equal labels are one series.
  std::uint32_t series(std::string_view name, const LabelMap& labels);
  void add(std::uint32_t series, Sample sample);
  void add(std::uint32_t series, Sample sample, NativeHistogram histogram);
  void add_exemplar(std::uint32_t series, const Exemplar& exemplar);
  void describe(const std::string& family, std::uint32_t type, const Metric& metric);

  std::size_t rows() const { return t_.size(); }
  const std::string& series_text(std::uint32_t series) const { return texts_[series]; }

  // Appends everything. OK also when rows were refused: `codes` has NX_ROW_* a row.
  Status append(const sdk::RequestAppender& appender, std::vector<std::uint8_t>& codes);
  std::uint32_t series_of_row(std::size_t row) const { return series_[row]; }
  std::int64_t time_of_row(std::size_t row) const { return t_[row]; }

 private:
  struct OwnedExemplar {
    std::uint32_t series = 0;
    std::int64_t t_ms = 0;
    double value = 0;
    std::vector<std::pair<std::string, std::string>> labels;
  };
  struct FamilyNote {
    std::string name, unit, help;
    std::uint32_t type = 0;
  };
  Status append_exemplars(const sdk::RequestAppender& appender, const nx_series_table& table);

  sdk::SeriesList list_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::string> texts_;     // `name{a="b"}` of each series
  std::vector<std::uint32_t> series_;  // [rows], as the next four
  std::vector<std::int64_t> t_;
  std::vector<std::int64_t> st_;
  std::vector<double> v_;
  std::vector<std::uint32_t> h_;
  std::deque<NativeHistogram> histograms_;
  std::vector<OwnedExemplar> exemplars_;
  std::map<std::string, FamilyNote> families_;
};

}  // namespace narthex::ingest::otlp
