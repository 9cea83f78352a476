// SPDX-License-Identifier: Apache-2.0
// mapping.hpp - rules that turn dotted names into metrics with labels: "api.*.requests" with the
// name "api_requests" and the label host = "$1". A star stands for one part between dots. The first
// rule that fits holds. Immutable; thread-safe.
#pragma once

#include "plugins/ingest/statsd/statsd_line.hpp"

#include <narthex/sdk/host.hpp>
#include <narthex/sdk/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace narthex::ingest::statsd {

// How observations are shown.
struct ObserverShape {
  bool histogram = false;         // else a summary
  std::vector<double> buckets;    // upper bounds, ascending, without +Inf
  std::vector<double> quantiles;  // each in [0, 1]
};

struct Rule {
  std::vector<std::string> parts;  // of the pattern, between dots
  std::string name;                // with $1, ${1}
  std::vector<std::pair<std::string, std::string>> labels;
  std::string type;  // counter, gauge, observer or set; empty: any
  bool drop = false;
  ObserverShape shape;
  std::int64_t ttl_ms = 0;  // 0: for ever
};

// A rule that fits a name, and the parts that its stars stood for.
struct Mapped {
  const Rule* rule = nullptr;
  std::vector<std::string_view> stars;
  // "$1" and "${1}" replaced; what is beyond the stars becomes nothing.
  std::string expand(std::string_view text) const;
};

class Mapping {
 public:
  // `rules`: the table's `mappings`, as its schema has it; `otherwise`: for what rules leave out.
  Mapping(sdk::Value rules, const ObserverShape& otherwise, std::int64_t ttl_ms);
  std::optional<Mapped> find(std::string_view name, Kind kind) const;

 private:
  std::vector<Rule> rules_;
};

std::vector<double> read_numbers(sdk::Value list, std::vector<double> otherwise);
// What is wrong with the rules, with its place in the configuration.
Status check_mappings(sdk::Host host, sdk::Value rules);
Status check_bounds(sdk::Host host, sdk::Value buckets, sdk::Value quantiles);

}  // namespace narthex::ingest::statsd
