// SPDX-License-Identifier: Apache-2.0
// query.cpp - query and query_range: parameters, and the answer to what comes of them.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/exemplars.hpp"
#include "api/params.hpp"
#include "api/query_features.hpp"
#include "api/query_job.hpp"
#include "api/routes.hpp"
#include "promql/engine.hpp"
#include "query/service.hpp"
#include "runtime/executor.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kFormMax = 4 << 20;  // a query of 1 MiB, percent-encoded
constexpr std::int64_t kStepsMax = 11'000;

std::optional<Response> read_times(const Services& s, const Request& request, QueryPlan& job) {
  const Result<std::int64_t> time = time_param(request, "time", s.executor.clock().now_ms());
  if (!time.ok()) return invalid_parameter("time", time.status().message());
  job.run.start_ms = job.run.end_ms = *time;
  return std::nullopt;
}

std::optional<Response> read_range(const Request& request, QueryPlan& job) {
  const Result<std::int64_t> start = parse_time_ms(request.value("start"));
  if (!start.ok()) return invalid_parameter("start", start.status().message());
  const Result<std::int64_t> end = parse_time_ms(request.value("end"));
  if (!end.ok()) return invalid_parameter("end", end.status().message());
  for (const auto& [name, time] : {std::pair{"start", *start}, std::pair{"end", *end}}) {
    if (time != kUnrepresentableMs) continue;
    return invalid_parameter(
        name, "cannot parse \"" + std::string(request.value(name)) + "\" to a valid timestamp");
  }
  if (*end < *start) {
    return invalid_parameter("end", "end timestamp must not be before start time");
  }
  const Result<std::int64_t> step = parse_duration_ms(request.value("step"));
  if (!step.ok()) return invalid_parameter("step", step.status().message());
  if (*step <= 0) {
    return invalid_parameter("step",
                             "zero or negative query resolution step widths are not accepted. Try "
                             "a positive integer");
  }
  if ((*end - *start) / *step > kStepsMax) {
    return error(ErrorType::kBadData,
                 "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the "
                 "query resolution (?step=XX)");
  }
  job.run.start_ms = *start;
  job.run.end_ms = *end;
  job.run.step_ms = *step;
  return std::nullopt;
}

std::optional<Response> read_options(const Services& s, const config::Config& config,
                                     const Request& request, QueryPlan& job) {
  std::int64_t timeout_ms = config.query.timeout_ms;
  if (const std::string_view text = request.value("timeout"); !text.empty()) {
    const Result<std::int64_t> asked = parse_duration_ms(text);
    if (!asked.ok()) return invalid_parameter("timeout", asked.status().message());
    timeout_ms = std::min(timeout_ms, *asked);
  }
  job.run.clock = &s.executor.clock();
  // Counted from the request's arrival: whatever it waits for is part of it.
  job.run.deadline_mono_ns = request.received_mono_ns + timeout_ms * 1'000'000;
  job.run.lookback_ms = config.query.lookback_ms;
  if (const std::string_view text = request.value("lookback_delta"); !text.empty()) {
    const Result<std::int64_t> asked = parse_duration_ms(text);
    if (!asked.ok()) {
      return error(ErrorType::kBadData,
                   "error parsing lookback delta duration: " + asked.status().message());
    }
    if (*asked > 0) job.run.lookback_ms = *asked;
  }
  job.run.subquery_step_ms = config.query.default_step_ms;
  job.run.max_samples = config.query.max_samples;
  job.run.delayed_name_removal = feature_enabled(config, "promql-delayed-name-removal");
  job.run.type_and_unit_labels = feature_enabled(config, "type-and-unit-labels");
  const std::string_view stats = request.value("stats");
  job.stats = !stats.empty();
  // Ours: what Prometheus answers to "all", and the plan. To "all" itself the answer is
  // Prometheus's.
  job.run.plan = stats == "plan";
  job.run.stats_by_step =
      (stats == "all" || stats == "plan") && feature_enabled(config, "promql-per-step-stats");
  return std::nullopt;
}

// The peer's address without its port.
std::string client_of(const Request& request) {
  const std::string& remote = request.remote;
  const std::size_t colon = remote.rfind(':');
  std::string host = remote.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

query::Request describe(const Request& request, const QueryPlan& job) {
  query::Request out;
  out.text = request.value("query");
  out.start_ms = job.run.start_ms;
  out.end_ms = job.run.end_ms;
  out.step_ms = job.run.step_ms;
  out.client = client_of(request);
  out.method = request.method;
  out.path = request.path;
  out.received_mono_ns = request.received_mono_ns;
  out.deadline_mono_ns = job.run.deadline_mono_ns;
  return out;
}

// Errors of the text are answered at once; the rest waits for its turn.
Response run(const Services& s, const Request& request, const QueryPlan& plan) {
  Result<promql::Query> parsed =
      promql::Query::parse(request.value("query"), s.functions, parse_options(*s.status.config()));
  if (!parsed.ok()) return invalid_parameter("query", parsed.status().message());
  Response r;
  r.later = [&queries = s.queries,
             job = std::make_shared<QueryJob>(s.store, s.executor, *std::move(parsed), plan),
             asked = describe(request, plan),
             client = request.cancellation](std::shared_ptr<net::LaterAnswer> answer) {
    job->answer_to(std::move(answer));
    const auto ticket = queries.submit(asked, job);
    job->end_with(client, [service = queries.weak_from_this(), id = ticket->id()] {
      if (const auto held = service.lock()) held->end_soon(id, query::Ending::kClient);
    });
  };
  return r;
}

Response instant(const Services& s, const Request& request) {
  QueryPlan job;
  const Result<std::int64_t> limit = parse_limit(request.value("limit"));
  if (!limit.ok()) return invalid_parameter("limit", limit.status().message());
  job.limit = static_cast<std::uint64_t>(*limit);
  if (auto refused = read_times(s, request, job)) return *std::move(refused);
  if (auto refused = read_options(s, *s.status.config(), request, job)) return *std::move(refused);
  return run(s, request, job);
}

Response range(const Services& s, const Request& request) {
  QueryPlan job;
  const Result<std::int64_t> limit = parse_limit(request.value("limit"));
  if (!limit.ok()) return invalid_parameter("limit", limit.status().message());
  job.limit = static_cast<std::uint64_t>(*limit);
  if (auto refused = read_range(request, job)) return *std::move(refused);
  if (auto refused = read_options(s, *s.status.config(), request, job)) return *std::move(refused);
  return run(s, request, job);
}

}  // namespace

Status mount_query(const Services& s) {
  const RouteOptions get_and_post{.methods = {"GET", "POST"},
                                  .lane = net::Lane::kQuery,
                                  .body_max_bytes = kFormMax,
                                  .stored = true};
  Status added = add_route(s, "/api/v1/query", get_and_post,
                           [s](const Request& request) { return instant(s, request); });
  if (added.ok()) {
    added = add_route(s, "/api/v1/query_range", get_and_post,
                      [s](const Request& request) { return range(s, request); });
  }
  if (added.ok()) {
    added = add_route(s, "/api/v1/query_exemplars", get_and_post,
                      [s](const Request& request) { return query_exemplars(s, request); });
  }
  return added;
}

}  // namespace narthex::api
