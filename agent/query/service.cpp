// SPDX-License-Identifier: Apache-2.0
#include "query/service.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace narthex::query {

namespace {

using promql::ErrorKind;
using promql::QueryError;

constexpr std::int64_t kGraceMs = 1000;
// Whoever waits beside queries that take longer than this may join them, one at a time.
constexpr std::int64_t kAnotherMs = 100;

const char* reason_of(Ending why) {
  switch (why) {
    case Ending::kKilled:
      return ": it was ended over the API";
    case Ending::kShutdown:
      return ": the server is stopping";
    default:
      return "";
  }
}

QueryError refusal_of(Ending why) {
  if (why == Ending::kDeadline) return {ErrorKind::kTimeout, "query timed out in query queue"};
  return {ErrorKind::kCanceled, std::string("query was canceled in query queue") + reason_of(why)};
}

QueryError end_of_running(Ending why) {
  if (why == Ending::kDeadline) {
    return {ErrorKind::kTimeout, "query timed out in expression evaluation"};
  }
  return {ErrorKind::kCanceled,
          std::string("query was canceled in expression evaluation") + reason_of(why)};
}

// The engine knows that it was cancelled; the ticket knows why.
void explain(const Ticket& ticket, QueryError& error) {
  if (error.kind == ErrorKind::kCanceled) error = end_of_running(ticket.ending());
}

}  // namespace

std::shared_ptr<Service> Service::make(Options options, runtime::Executor& executor,
                                       telemetry::Registry& registry) {
  std::shared_ptr<Service> made(new Service(std::move(options), executor, registry));
  made->open_journal();
  made->export_metrics(registry);
  return made;
}

Service::Service(Options options, runtime::Executor& executor, telemetry::Registry& registry)
    : options_(std::move(options)),
      executor_(executor),
      metrics_(registry),
      pool_(std::make_shared<promql::MemoryPool>(options_.max_memory_all)) {}

void Service::open_journal() {
  if (options_.journal_path.empty()) return;
  std::vector<std::string> unfinished;
  const Status opened = journal_.open(
      options_.journal_path, static_cast<std::size_t>(options_.max_concurrency), unfinished);
  if (!opened.ok()) {
    log_.warn("queries run without a journal", {{"err", opened.message()}});
  }
  if (unfinished.empty()) return;
  std::string all = "[";
  for (const std::string& one : unfinished) all += (all.size() > 1 ? "," : "") + one;
  log_.warn("these queries did not finish in the last run", {{"queries", all + ']'}});
}

void Service::export_metrics(telemetry::Registry& registry) {
  gathering_ = registry.on_gather([this](telemetry::Gathering& out) {
    std::size_t all = 0;
    std::size_t waiting = 0;
    {
      const std::lock_guard lock(mutex_);
      all = entries_.size();
      waiting = queue_.size();
    }
    metrics_.gather(out);
    out.gauge("prometheus_engine_queries",
              "The current number of queries being executed or waiting.", {},
              static_cast<double>(all));
    out.gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.",
              {}, options_.max_concurrency);
    out.gauge("prometheus_engine_query_log_enabled", "State of the query log.", {},
              query_log_.enabled() ? 1 : 0);
    out.gauge("narthex_query_waiting", "Queries that wait for their turn.", {},
              static_cast<double>(waiting));
    out.gauge("narthex_query_memory_bytes", "Memory that queries and their results hold.", {},
              static_cast<double>(pool_->used()));
    out.gauge("narthex_query_memory_max_bytes", "Memory that they may hold together.", {},
              static_cast<double>(options_.max_memory_all));
  });
}

// ---- arriving ----

std::shared_ptr<Ticket> Service::submit(Request request, std::shared_ptr<Job> job) {
  const std::int64_t deadline_ns = request.deadline_mono_ns;
  const std::string client = request.client;
  std::unique_lock lock(mutex_);
  const std::uint64_t id = ++last_id_;
  const auto ticket = std::make_shared<Ticket>(id, std::move(request), executor_.clock().now_ms(),
                                               options_.max_memory, pool_);
  Entry entry{ticket, std::move(job), {}};
  if (stopping_) {
    lock.unlock();
    refuse(entry, refusal_of(Ending::kShutdown));
    return ticket;
  }
  const bool may_run = running_ < at_once() && queue_.size() == 0;
  if (!may_run && queue_.size() >= options_.waiting_max) {
    lock.unlock();
    metrics_.refused_full.add();
    refuse(entry, {ErrorKind::kUnavailable,
                   "too many queries wait: " + std::to_string(options_.waiting_max)});
    return ticket;
  }
  entry.deadline = executor_.at(deadline_ns, runtime::Pool::kIo, [self = weak_from_this(), id] {
    if (const auto service = self.lock()) service->end(id, Ending::kDeadline);
  });
  if (may_run) {
    ++running_;
    queue_.began(client);
    start(entry);
  } else {
    queue_.push(id, client);
    watch_waiting();
  }
  entries_.emplace(id, std::move(entry));
  return ticket;
}

int Service::at_once() const {
  if (options_.at_once <= 0) return options_.max_concurrency;
  return std::min(options_.at_once, options_.max_concurrency);
}

// REQUIRES, here and below: mutex_ is held.
void Service::start_waiting() {
  while (queue_.size() > 0 && running_ < at_once()) start_one();
  watch_waiting();
}

void Service::start_one() {
  const auto next = queue_.pop();
  if (!next) return;
  ++running_;
  start(entries_.at(*next));
}

void Service::watch_waiting() {
  if (watching_ || queue_.size() == 0 || running_ >= options_.max_concurrency) return;
  watching_ = true;
  another_ = executor_.after(kAnotherMs, runtime::Pool::kIo, [self = weak_from_this()] {
    if (const auto service = self.lock()) service->start_another();
  });
}

void Service::start(const Entry& entry) {
  ++working_;
  // Who starts a query has nothing else to do: it was asked for one, or has ended one.
  executor_.post_next(runtime::Pool::kQuery, [self = shared_from_this(), ticket = entry.ticket,
                                         job = entry.job] { self->run(ticket, *job); });
}

void Service::refuse(const Entry& entry, QueryError error) {
  Report report;
  report.error = std::move(error);
  report.queued_ns = executor_.clock().mono_ns() - entry.ticket->request().received_mono_ns;
  metrics_.queue_time.observe(report.queued_ns);
  record(*entry.ticket, report);
  entry.job->done(report);
}

// ---- running ----

void Service::run(const std::shared_ptr<Ticket>& ticket, Job& job) {
  const runtime::Clock& clock = executor_.clock();
  const std::int64_t begun_ns = clock.mono_ns();
  ticket->queued_ns_ = begun_ns - ticket->request().received_mono_ns;
  ticket->state_ = State::kRunning;
  metrics_.queue_time.observe(ticket->queued_ns_);
  const int slot = journal_.begin(ticket->request().text, clock.now_ms());
  Report report;
  try {
    report = job.run(*ticket);
  } catch (const std::exception& thrown) {
    report.error = {ErrorKind::kInternal, std::string("query failed: ") + thrown.what()};
  }
  journal_.end(slot);
  report.queued_ns = ticket->queued_ns_;
  report.run_ns = clock.mono_ns() - begun_ns;
  report.memory_peak = ticket->memory()->peak();
  explain(*ticket, report.error);
  metrics_.prepare_time.observe(report.timings.prepare_ns);
  metrics_.inner_eval.observe(report.timings.inner_ns);
  if (report.timings.sort_ns != 0) metrics_.result_sort.observe(report.timings.sort_ns);
  record(*ticket, report);
  finish(*ticket);
  job.done(report);
  const std::lock_guard lock(mutex_);
  if (--working_ == 0) idle_.notify_all();
}

// Gives the turn on.
void Service::finish(const Ticket& ticket) {
  Entry ended;  // dies after the lock
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(ticket.id());
  if (found != entries_.end()) {
    ended = std::move(found->second);
    entries_.erase(found);
  }
  --running_;
  queue_.ended(ticket.request().client);
  start_waiting();
}

// Queries that take long do not hold up those that do not. But a crowd of large ones would only
// take each other's memory: beyond a quarter of it nobody joins.
void Service::start_another() {
  const std::lock_guard lock(mutex_);
  watching_ = false;
  const bool roomy = pool_->max_bytes() == 0 || pool_->used() < pool_->max_bytes() / 4;
  if (roomy && running_ < options_.max_concurrency) start_one();
  watch_waiting();
}

void Service::record(const Ticket& ticket, const Report& report) {
  const Request& request = ticket.request();
  metrics_.samples.add(static_cast<double>(report.samples.samples_total));
  if (report.error.kind == ErrorKind::kTimeout) metrics_.refused_deadline.add();
  if (ticket.memory()->refused()) metrics_.refused_memory.add();
  if (query_log_.enabled() &&
      !query_log_.write(log_line(report, request, executor_.clock().now_ms()))) {
    metrics_.log_failures.add();
    log_.error("the query log cannot be written");
  }
  const std::int64_t slower_than_ms = slower_than_ms_;
  const std::int64_t took_ns = report.queued_ns + report.run_ns;
  if (slower_than_ms <= 0 || took_ns < slower_than_ms * 1'000'000) return;
  log_.warn("slow query", {{"query", request.text},
                           {"client", request.client},
                           {"start", request.start_ms},
                           {"end", request.end_ms},
                           {"step", request.step_ms},
                           {"seconds", static_cast<double>(took_ns) / 1e9},
                           {"queued_seconds", static_cast<double>(report.queued_ns) / 1e9},
                           {"samples", report.samples.samples_total},
                           {"memory_bytes", report.memory_peak},
                           {"err", report.error.message}});
}

// ---- ending early ----

bool Service::end(std::uint64_t id, Ending why) {
  Entry entry;
  bool waiting = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return false;
    if (why == Ending::kKilled && found->second.ticket->ending() != Ending::kNone) return false;
    waiting = queue_.remove(id, found->second.ticket->request().client);
    if (waiting) {
      entry = std::move(found->second);
      entries_.erase(found);
    } else {
      entry.ticket = found->second.ticket;
      entry.job = found->second.job;
    }
  }
  if (why == Ending::kKilled) metrics_.killed.add();
  entry.ticket->end(why);
  if (waiting) {
    refuse(entry, refusal_of(why));
  } else {
    entry.job->ended(end_of_running(entry.ticket->ending()));
  }
  return true;
}

void Service::end_soon(std::uint64_t id, Ending why) {
  executor_.post(runtime::Pool::kIo, [self = weak_from_this(), id, why] {
    if (const auto service = self.lock()) service->end(id, why);
  });
}

std::vector<std::shared_ptr<Ticket>> Service::list() const {
  std::vector<std::shared_ptr<Ticket>> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_) out.push_back(entry.ticket);
  return out;
}

Status Service::configure(const LogOptions& options) {
  const Status opened = query_log_.open(options.file);
  if (opened.ok()) slower_than_ms_ = options.slower_than_ms;
  return opened;
}

void Service::stop() {
  std::vector<std::uint64_t> waiting;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, entry] : entries_) {
      if (entry.ticket->state() == State::kQueued) waiting.push_back(id);
    }
    end_of_grace_ = executor_.after(kGraceMs, runtime::Pool::kIo, [self = weak_from_this()] {
      const auto service = self.lock();
      if (service == nullptr) return;
      for (const auto& ticket : service->list()) service->end(ticket->id(), Ending::kShutdown);
    });
  }
  for (const std::uint64_t id : waiting) end(id, Ending::kShutdown);
}

bool Service::wait_until_idle(std::int64_t deadline_mono_ns) {
  const std::chrono::nanoseconds left(
      std::max<std::int64_t>(0, deadline_mono_ns - executor_.clock().mono_ns()));
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, left, [this] { return working_ == 0; });
}

}  // namespace narthex::query
