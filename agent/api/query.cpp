// SPDX-License-Identifier: Apache-2.0
// query.cpp - query and query_range: parameters, run, answer.
#include "api/answer.hpp"
#include "api/api.hpp"
#include "api/exemplars.hpp"
#include "api/json.hpp"
#include "api/params.hpp"
#include "api/query_features.hpp"
#include "api/result_json.hpp"
#include "api/routes.hpp"
#include "api/store_source.hpp"
#include "promql/engine.hpp"
#include "runtime/executor.hpp"

#include <algorithm>
#include <optional>

namespace narthex::api {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kFormMax = 4 << 20;  // a query of 1 MiB, percent-encoded
constexpr std::int64_t kStepsMax = 11'000;
constexpr std::size_t kStreamedFrom = 4096;  // samples; smaller answers are one piece
constexpr std::size_t kPieceSize = 64 << 10;

// Everything a run needs, read from the parameters.
struct Job {
  promql::RunOptions run;
  std::uint64_t limit = 0;
  bool stats = false;
};

std::optional<Response> read_times(const Services& s, const Request& request, Job& job) {
  const Result<std::int64_t> time = time_param(request, "time", s.executor.clock().now_ms());
  if (!time.ok()) return invalid_parameter("time", time.status().message());
  job.run.start_ms = job.run.end_ms = *time;
  return std::nullopt;
}

std::optional<Response> read_range(const Request& request, Job& job) {
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
                                     const Request& request, Job& job) {
  std::int64_t timeout_ms = config.query.timeout_ms;
  if (const std::string_view text = request.value("timeout"); !text.empty()) {
    const Result<std::int64_t> asked = parse_duration_ms(text);
    if (!asked.ok()) return invalid_parameter("timeout", asked.status().message());
    timeout_ms = std::min(timeout_ms, *asked);
  }
  job.run.clock = &s.executor.clock();
  job.run.deadline_mono_ns = s.executor.clock().mono_ns() + timeout_ms * 1'000'000;
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
  job.run.cancellation = request.cancellation.get();
  job.stats = !request.value("stats").empty();
  return std::nullopt;
}

Response failure(const promql::QueryError& failed) {
  switch (failed.kind) {
    case promql::ErrorKind::kBadData:
      return error(ErrorType::kBadData, failed.message);
    case promql::ErrorKind::kTimeout:
      return error(ErrorType::kTimeout, failed.message);
    case promql::ErrorKind::kCanceled:
      return error(ErrorType::kCanceled, failed.message);
    case promql::ErrorKind::kInternal:
      return error(ErrorType::kInternal, failed.message);
    default:
      return error(ErrorType::kExecution, failed.message);
  }
}

// Prometheus's fields; its engine splits the time differently, so what we do not measure apart is
// 0.
std::string stats_json(const promql::SampleStats& samples, double total_s) {
  JsonWriter json;
  json.begin_object().key("timings").begin_object();
  json.key("evalTotalTime").number(total_s);
  json.key("resultSortTime").number(0);
  json.key("queryPreparationTime").number(0);
  json.key("innerEvalTime").number(total_s);
  json.key("execQueueTime").number(0);
  json.key("execTotalTime").number(total_s);
  json.end_object().key("samples").begin_object();
  json.field("totalQueryableSamples", static_cast<std::int64_t>(samples.samples_total));
  json.field("peakSamples", static_cast<std::int64_t>(samples.samples_peak));
  json.end_object().end_object();
  return json.take();
}

// A finished run with what belongs behind its result.
struct Answer {
  promql::QueryResult result;
  std::string tail;  // statistics and notes
};

// Writes the whole envelope, handing over pieces on the way. False: the client has gone.
bool encode(const Answer& answer, const net::Write& write) {
  ResultEncoder encoder(answer.result);
  std::string out = R"({"status":"success","data":)";
  encoder.begin(out);
  for (const promql::ResultSeries& series : answer.result.series) {
    if (&series != &answer.result.series.front()) out += ',';
    encoder.append_series(out, series);
    if (out.size() < kPieceSize) continue;
    if (!write(out)) return false;
    out.clear();
  }
  if (!encoder.has_series()) encoder.append_single(out);
  encoder.end(out);
  out += answer.tail;
  return write(out);
}

Response respond(std::shared_ptr<const Answer> answer) {
  std::size_t samples = 0;
  for (const promql::ResultSeries& series : answer->result.series) samples += series.t_ms.size();
  Response r = Response::json(200, {});
  if (samples < kStreamedFrom) {
    encode(*answer, [&r](std::string_view piece) {
      r.body += piece;
      return true;
    });
  } else {
    r.stream = [answer](const net::Write& write) { encode(*answer, write); };
  }
  return r;
}

// What follows the result: statistics are the last member of "data", notes follow it.
std::string tail_of(const promql::QueryResult& result, const std::string& query, const Job& job,
                    bool truncated, double total_s) {
  std::string tail;
  if (job.stats) tail = ",\"stats\":" + stats_json(result.stats, total_s);
  tail += '}';
  Notes notes{result.annotations.warnings(query), result.annotations.infos(query)};
  if (truncated) notes.warnings.emplace_back("results truncated due to limit");
  append_notes(tail, notes);
  return tail + "}";
}

Response run(const Services& s, const Request& request, const Job& job) {
  const auto config = s.status.config();
  const std::int64_t begun_ns = s.executor.clock().mono_ns();
  const Result<promql::Query> query =
      promql::Query::parse(request.value("query"), s.functions, parse_options(*config));
  if (!query.ok()) return invalid_parameter("query", query.status().message());
  Result<std::unique_ptr<StoreSource>> source = StoreSource::open(s.store, s.executor);
  if (!source.ok()) return error(source.status());
  const auto hook = request.cancellation->on_cancel([&open = **source] { open.cancel(); });

  auto answer = std::make_shared<Answer>();
  answer->result = query->run(**source, job.run);
  promql::QueryResult& result = answer->result;
  if (result.error.kind != promql::ErrorKind::kNone) return failure(result.error);
  const bool truncated = job.limit > 0 && result.series.size() > job.limit;
  if (truncated) result.series.resize(job.limit);
  const double total_s = static_cast<double>(s.executor.clock().mono_ns() - begun_ns) / 1e9;
  answer->tail = tail_of(result, query->text(), job, truncated, total_s);
  return respond(std::move(answer));
}

Response instant(const Services& s, const Request& request) {
  Job job;
  const Result<std::int64_t> limit = parse_limit(request.value("limit"));
  if (!limit.ok()) return invalid_parameter("limit", limit.status().message());
  job.limit = static_cast<std::uint64_t>(*limit);
  if (auto refused = read_times(s, request, job)) return *std::move(refused);
  if (auto refused = read_options(s, *s.status.config(), request, job)) return *std::move(refused);
  return run(s, request, job);
}

Response range(const Services& s, const Request& request) {
  Job job;
  const Result<std::int64_t> limit = parse_limit(request.value("limit"));
  if (!limit.ok()) return invalid_parameter("limit", limit.status().message());
  job.limit = static_cast<std::uint64_t>(*limit);
  if (auto refused = read_range(request, job)) return *std::move(refused);
  if (auto refused = read_options(s, *s.status.config(), request, job)) return *std::move(refused);
  return run(s, request, job);
}

}  // namespace

Status mount_query(const Services& s) {
  const RouteOptions get_and_post{
      .methods = {"GET", "POST"}, .lane = net::Lane::kQuery, .body_max_bytes = kFormMax};
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
