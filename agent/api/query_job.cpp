// SPDX-License-Identifier: Apache-2.0
#include "api/query_job.hpp"

#include "api/answer.hpp"
#include "api/answer_writer.hpp"

#include <utility>

namespace narthex::api {

namespace {

using net::Response;

promql::QueryError error_of(const Status& status) {
  switch (status.code()) {
    case NX_ERR_CANCELLED:
      return {promql::ErrorKind::kCanceled, status.message()};
    case NX_ERR_DEADLINE:
      return {promql::ErrorKind::kTimeout, status.message()};
    case NX_ERR_EXHAUSTED:
      return {promql::ErrorKind::kExecution, status.message()};
    default:
      return {promql::ErrorKind::kInternal, status.message()};
  }
}

}  // namespace

void QueryJob::end_with(std::shared_ptr<runtime::Cancellation> client,
                        std::function<void()> on_gone) {
  runtime::Cancellation::Hook hook = client->on_cancel(std::move(on_gone));
  const std::lock_guard lock(mutex_);
  if (ended_) return;  // the hook goes with this call
  client_ = std::move(client);
  hook_ = std::move(hook);
}

query::Report QueryJob::run(query::Ticket& ticket) {
  query::Report report;
  asked_ = ticket.request();
  Result<std::unique_ptr<StoreSource>> source = StoreSource::open(store_, executor_);
  if (!source.ok()) {
    report.error = error_of(source.status());
    return report;
  }
  const auto hook = ticket.cancellation().on_cancel([&open = **source] { open.cancel(); });
  promql::RunOptions options = plan_.run;
  options.cancellation = &ticket.cancellation();
  options.memory = ticket.memory();
  options.progress = &ticket.progress();
  promql::QueryResult& result = answer_->result;
  result = query_.run(**source, options);
  report.error = result.error;
  report.samples = result.stats;
  report.timings = result.timings;
  report.plan = result.plan;
  remote_warnings_ = (*source)->warnings();
  return report;
}

// What follows the result: statistics are the last member of "data", notes follow it.
std::string QueryJob::tail_of(const query::Report& report, bool truncated) const {
  std::string tail;
  if (plan_.stats) tail = ",\"stats\":" + query::stats_json(report, asked_);
  tail += '}';
  const promql::Annotations& said = answer_->result.annotations;
  Notes notes{said.warnings(query_.text()), said.infos(query_.text())};
  if (truncated) notes.warnings.emplace_back("results truncated due to limit");
  notes.warnings.insert(notes.warnings.end(), remote_warnings_.begin(), remote_warnings_.end());
  append_notes(tail, notes);
  return tail + "}";
}

void QueryJob::done(const query::Report& report) {
  runtime::Cancellation::Hook hook;  // dies after the lock
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    std::swap(hook, hook_);
  }
  const std::shared_ptr<net::LaterAnswer> later = take_answer();
  if (later == nullptr) return;
  if (report.error.kind != promql::ErrorKind::kNone) {
    answer_.reset();
    return later->send(query_failure(report.error));
  }
  auto& series = answer_->result.series;
  const bool truncated = plan_.limit > 0 && series.size() > plan_.limit;
  if (truncated) series.resize(plan_.limit);
  answer_->tail = tail_of(report, truncated);
  later->send(query_response(std::move(answer_), executor_));
}

void QueryJob::ended(const promql::QueryError& error) {
  if (const auto later = take_answer()) later->send(query_failure(error));
}

std::shared_ptr<net::LaterAnswer> QueryJob::take_answer() {
  const std::lock_guard lock(mutex_);
  return std::exchange(later_, nullptr);
}

Response query_failure(const promql::QueryError& failed) {
  switch (failed.kind) {
    case promql::ErrorKind::kBadData:
      return error(ErrorType::kBadData, failed.message);
    case promql::ErrorKind::kTimeout:
      return error(ErrorType::kTimeout, failed.message);
    case promql::ErrorKind::kCanceled:
      return error(ErrorType::kCanceled, failed.message);
    case promql::ErrorKind::kInternal:
      return error(ErrorType::kInternal, failed.message);
    case promql::ErrorKind::kUnavailable: {
      Response busy = error(ErrorType::kUnavailable, failed.message);
      busy.status = 503;
      busy.headers.emplace_back("Retry-After", "1");
      return busy;
    }
    default:
      return error(ErrorType::kExecution, failed.message);
  }
}

Response query_response(std::shared_ptr<const QueryAnswer> answer, runtime::Executor& executor) {
  Response r = Response::json(200, {});
  auto writer = std::make_shared<AnswerWriter>(std::move(answer), executor);
  r.produce = [writer](std::string& out) { return writer->next(out); };
  return r;
}

}  // namespace narthex::api
