// SPDX-License-Identifier: Apache-2.0
// text_sample.hpp - one line of Prometheus text: name{label="value"} value [time], or what a TYPE
// or HELP comment says. Pure; everything looks into the line.
#pragma once

#include <narthex/data.h>
#include <narthex/sdk/exposition.hpp>
#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace narthex::ingest::import {

struct TextSample {
  std::string_view series;  // name and labels
  double value = 0;
  std::int64_t t_ms = 0;
  std::size_t column = 0;  // of what is wrong, from 1
  std::string fault;       // empty: the line is good
};

// A time is in milliseconds, or below 2^31 in seconds, as in OpenMetrics. An exemplar after " # "
// is skipped.
TextSample parse_text_sample(std::string_view line, std::int64_t now_ms);

// What is wrong with the series, and at which byte; its labels go to `labels`.
sdk::SeriesError read_series(std::string_view series, sdk::SeriesLabels& labels);

// Types and helps of families, from comments.
class Families {
 public:
  struct About {
    std::uint32_t type = NX_TYPE_UNKNOWN;
    std::string_view help;
  };
  // `line` begins with '#'. What says nothing about a family is a comment.
  void read(std::string_view line);
  const std::map<std::string_view, About>& all() const { return all_; }

 private:
  std::map<std::string_view, About> all_;
};

}  // namespace narthex::ingest::import
