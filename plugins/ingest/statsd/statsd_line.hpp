// SPDX-License-Identifier: Apache-2.0
// statsd_line.hpp - one line of StatsD, with DogStatsD's, Influx's and Librato's tags:
//   name:value|type[|@rate][|#tag:value,...]      several values: name:1:2:3|ms, name:1|c:2|c
//   name,tag=value:1|c    name#tag=value:1|c    name;tag=value:1|c
// Pure; everything looks into the line.
#pragma once

#include <narthex/sdk/series_labels.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::statsd {

enum class Kind { kCounter, kGauge, kTimer, kObservation, kSet };

struct Measure {
  Kind kind = Kind::kCounter;
  std::string_view text;  // as sent: members of sets
  double value = 0;
  double rate = 1;        // share of events that were sent, in (0, 1]
  bool relative = false;  // a gauge moves by value
};

class StatsdLine {
 public:
  // False: fault() and column() say what is wrong. Events and service checks of DogStatsD are good
  // lines without measures.
  bool parse(std::string_view line);

  std::string_view name() const { return name_; }  // with tags, unless they are DogStatsD's
  std::string_view tags() const { return tags_; }  // DogStatsD's, without "#"
  const std::vector<Measure>& measures() const { return measures_; }
  std::size_t column() const { return column_; }  // from 1
  const std::string& fault() const { return fault_; }

 private:
  bool read_measures();
  bool read_values();
  bool read_type(Measure& shape);
  bool read_sections(double& rate);
  bool set_value(Measure& measure);
  bool fail(std::size_t at, std::string text);
  std::string_view take_until(std::string_view stops);
  char at() const { return at_ < line_.size() ? line_[at_] : '\0'; }

  std::string_view line_;
  std::size_t at_ = 0;
  std::string_view name_, tags_;
  std::vector<std::string_view> values_;
  std::vector<Measure> measures_;
  std::size_t column_ = 0;
  std::string fault_;
};

// The name without tags, and the tags, as labels. A tag without a value gets "true".
std::string_view read_tags(std::string_view name, std::string_view dog_tags,
                           std::vector<sdk::SeriesLabels::Label>& tags);

}  // namespace narthex::ingest::statsd
