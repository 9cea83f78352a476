// SPDX-License-Identifier: Apache-2.0
// report.hpp - what is known of a query that has ended, and its JSON: the `stats` of the API and
// the lines of the query log, laid out as Prometheus does. Pure.
#pragma once

#include "promql/engine.hpp"
#include "query/ticket.hpp"

#include <cstdint>
#include <string>

namespace narthex::query {

struct Report {
  promql::QueryError error;
  promql::SampleStats samples;
  promql::RunTimings timings;
  std::int64_t queued_ns = 0;
  std::int64_t run_ns = 0;  // evaluation as a whole
  std::uint64_t memory_peak = 0;
  std::shared_ptr<const promql::PlanNode> plan;  // null unless asked for
};

// {"timings":{...},"samples":{...}}; with a plan also "memory" and "plan", which are ours.
std::string stats_json(const Report& report, const Request& request);

// One line of the query log, line feed included.
std::string log_line(const Report& report, const Request& request, std::int64_t now_ms);

}  // namespace narthex::query
