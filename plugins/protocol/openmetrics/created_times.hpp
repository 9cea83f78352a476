// SPDX-License-Identifier: Apache-2.0
// created_times.hpp - the `_created` lines of an OpenMetrics family as start times of its other
// series. They may stand anywhere in the family, usually after the series they tell about, so a
// family is looked through when it begins.
//
// Views into the body. Used by one thread.
#pragma once

#include <narthex/sdk/series_text.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace narthex::openmetrics {

// Seconds -> milliseconds. Beyond the range it saturates.
std::int64_t to_ms(double seconds);

class CreatedTimes {
 public:
  void clear() { starts_.clear(); }
  // A TYPE line; `rest` is the body after it.
  void begin_family(std::string_view name, std::uint32_t type, std::string_view rest);
  bool family_has_any() const { return !starts_.empty(); }
  // Whether the series is a `_created` one of the family.
  bool is_one(std::string_view series);
  // In milliseconds; 0: unknown.
  std::int64_t start_of(std::string_view series);

 private:
  void add(std::string_view line);
  bool is_created_name(std::string_view name) const;

  std::string_view stem_;  // the family's name, without "_total"
  sdk::SeriesText text_;
  std::string labels_;                                    // of the series looked for
  std::unordered_map<std::string, std::int64_t> starts_;  // by labels
};

}  // namespace narthex::openmetrics
