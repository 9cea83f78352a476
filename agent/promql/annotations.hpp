// SPDX-License-Identifier: Apache-2.0
// annotations.hpp - warnings and infos that a query gathers, worded and placed as Prometheus does.
// Equal texts are one annotation, wherever they came from; the last place counts. One thread.
#pragma once

#include "promql/token.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::promql {

class Annotations {
 public:
  // text without "PromQL warning: ".
  void warn(Position at, std::string text) { add(warnings_, at, std::move(text)); }
  void info(Position at, std::string text) { add(infos_, at, std::move(text)); }

  // `PromQL warning: ... (1:5)`, at most `limit` of each kind and then how many more there were.
  std::vector<std::string> warnings(std::string_view query, std::size_t limit = 10) const;
  std::vector<std::string> infos(std::string_view query, std::size_t limit = 10) const;
  bool empty() const { return warnings_.empty() && infos_.empty(); }

 private:
  using Set = std::map<std::string, Position, std::less<>>;
  void add(Set& set, Position at, std::string text);

  Set warnings_;
  Set infos_;
};

// " for metric name \"foo\"", or nothing for an empty name.
std::string for_metric(std::string_view name);

}  // namespace narthex::promql
