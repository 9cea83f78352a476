// SPDX-License-Identifier: Apache-2.0
// query_job.hpp - one query of the API as a job of the query service: evaluates over the store, and
// turns what comes out into the answer of the request.
#pragma once

#include "api/answer_writer.hpp"
#include "api/store_source.hpp"
#include "net/http.hpp"
#include "promql/engine.hpp"
#include "query/service.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace narthex::api {

// Everything a run needs, read from the parameters.
struct QueryPlan {
  promql::RunOptions run;
  std::uint64_t limit = 0;  // series of the result; 0: all
  bool stats = false;
};

class QueryJob final : public query::Job {
 public:
  // The store outlives it.
  QueryJob(store::Store& store, runtime::Executor& executor, promql::Query query,
           const QueryPlan& plan)
      : store_(store), executor_(executor), query_(std::move(query)), plan_(plan) {}

  // Before it is submitted.
  void answer_to(std::shared_ptr<net::LaterAnswer> answer) { later_ = std::move(answer); }
  // Calls on_gone when the client leaves while this still runs or waits. It must not block.
  void end_with(std::shared_ptr<runtime::Cancellation> client, std::function<void()> on_gone);

  query::Report run(query::Ticket& ticket) override;
  void done(const query::Report& report) override;
  void ended(const promql::QueryError& error) override;

 private:
  std::shared_ptr<net::LaterAnswer> take_answer();
  std::string tail_of(const query::Report& report, bool truncated) const;

  store::Store& store_;
  runtime::Executor& executor_;
  const promql::Query query_;
  const QueryPlan plan_;
  query::Request asked_;
  std::shared_ptr<QueryAnswer> answer_ = std::make_shared<QueryAnswer>();
  std::vector<std::string> remote_warnings_;  // what other servers could not add

  std::mutex mutex_;
  std::shared_ptr<net::LaterAnswer> later_;  // guarded by mutex_, as all below; null: answered
  bool ended_ = false;
  std::shared_ptr<runtime::Cancellation> client_;  // outlives the hook
  runtime::Cancellation::Hook hook_;
};

// The answer to a query that failed.
net::Response query_failure(const promql::QueryError& failed);

// The answer with a result. A large one is written piece by piece, while the client takes it.
// The executor outlives it.
net::Response query_response(std::shared_ptr<const QueryAnswer> answer,
                             runtime::Executor& executor);

}  // namespace narthex::api
