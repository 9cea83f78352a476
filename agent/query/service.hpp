// SPDX-License-Identifier: Apache-2.0
// service.hpp - runs queries: so many at once, the others wait their turn, fairly between clients.
// What a query may take (time, memory) is counted from its arrival; whoever waits beyond its
// deadline, or leaves, is answered at once. It knows what runs, can end it, and writes down what
// ended: metrics, the query log, slow queries, and the journal that survives a crash.
//
//   job arrives -> waits (FairQueue) -> run() on a query thread -> log, metrics -> done()
//
// Thread-safe. Make it with make(); tasks under way keep it alive.
#pragma once

#include "query/fair_queue.hpp"
#include "query/journal.hpp"
#include "query/metrics.hpp"
#include "query/query_log.hpp"
#include "query/report.hpp"
#include "query/ticket.hpp"
#include "runtime/executor.hpp"
#include "telemetry/log.hpp"

#include <narthex/sdk/result.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::query {

struct Options {
  int max_concurrency = 20;
  // So many begin at once, as many as there are cores to run them; more only while those that run
  // take their time and memory is left. 0: all of max_concurrency.
  int at_once = 0;
  std::size_t waiting_max = 512;
  std::uint64_t max_memory = 0;      // bytes a query; 0: unlimited
  std::uint64_t max_memory_all = 0;  // bytes of all queries together; 0: unlimited
  std::string journal_path;          // empty: none
};

struct LogOptions {
  std::string file;                 // global.query_log_file; empty: none
  std::int64_t slower_than_ms = 0;  // query.log_slower_than; 0: nothing is slow
};

// What there is to do. One run at most, and one end.
class Job {
 public:
  virtual ~Job() = default;
  // On a query thread. Fills error, samples, timings and plan.
  virtual Report run(Ticket& ticket) = 0;
  // After run() on its thread; or without it, when the query was refused: then on any thread, and
  // it must not block.
  virtual void done(const Report& report) = 0;
  // The query was ended while it runs, and fails with this error whatever run() still comes to: at
  // once, on the thread that ended it, beside run() and done(); it must not block. Leaving takes a
  // query some milliseconds where it holds a gigabyte; whoever waits for the answer need not.
  virtual void ended(const promql::QueryError& error) = 0;
};

class Service : public std::enable_shared_from_this<Service> {
 public:
  static std::shared_ptr<Service> make(Options options, runtime::Executor& executor,
                                       telemetry::Registry& registry);

  std::shared_ptr<Ticket> submit(Request request, std::shared_ptr<Job> job);
  // Ends a query early: it is answered at once, and its thread is free soon after. False: there is
  // none of this id, or it was ended already and somebody wants to kill it.
  bool end(std::uint64_t id, Ending why);
  // The same from places that must not run foreign code: soon, on an event loop.
  void end_soon(std::uint64_t id, Ending why);
  // All that wait or run, oldest first.
  std::vector<std::shared_ptr<Ticket>> list() const;
  const Options& options() const { return options_; }
  std::uint64_t memory_used() const { return pool_->used(); }

  // Opens the query log anew; on failure nothing has changed.
  Status configure(const LogOptions& options);
  // Refuses what waits and what comes; what runs has one second.
  void stop();
  // Waits until no query is being run. An answer may be there before: what a query reads must
  // outlive this call. False: some still run at that time.
  bool wait_until_idle(std::int64_t deadline_mono_ns);

 private:
  struct Entry {
    std::shared_ptr<Ticket> ticket;
    std::shared_ptr<Job> job;
    runtime::Timer deadline;
  };

  Service(Options options, runtime::Executor& executor, telemetry::Registry& registry);
  void open_journal();
  void export_metrics(telemetry::Registry& registry);
  int at_once() const;
  void start_waiting();
  void start_one();
  void watch_waiting();
  void start_another();
  void start(const Entry& entry);
  void run(const std::shared_ptr<Ticket>& ticket, Job& job);
  void finish(const Ticket& ticket);
  void refuse(const Entry& entry, promql::QueryError error);
  void record(const Ticket& ticket, const Report& report);

  const Options options_;
  runtime::Executor& executor_;
  Metrics metrics_;
  const telemetry::Log log_{"query"};
  const std::shared_ptr<promql::MemoryPool> pool_;
  Journal journal_;
  QueryLog query_log_;
  std::atomic<std::int64_t> slower_than_ms_{0};

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::uint64_t, Entry> entries_;
  FairQueue queue_;
  std::uint64_t last_id_ = 0;
  int running_ = 0;  // that have a turn
  int working_ = 0;  // handed to a thread that has not come back
  bool stopping_ = false;
  runtime::Timer end_of_grace_;
  runtime::Timer another_;  // set while somebody waits who could run
  bool watching_ = false;

  std::condition_variable idle_;

  std::shared_ptr<void> gathering_;  // the first to go
};

}  // namespace narthex::query
