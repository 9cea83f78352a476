// SPDX-License-Identifier: Apache-2.0
// engine.hpp - runs queries: text in, columns out. Pure: reads through a Source, calls functions
// through a FunctionTable, does no I/O.
//
//   Result<Query> query = Query::parse(text, table, parse_options);
//   QueryResult result = query->run(source, run_options);
//
// Threads: a Query is immutable; many threads may run it, each run with a Source of its own.
#pragma once

#include "promql/annotations.hpp"
#include "promql/batch.hpp"
#include "promql/functions.hpp"
#include "promql/memory.hpp"
#include "promql/parser.hpp"
#include "promql/plan.hpp"
#include "runtime/cancel.hpp"
#include "runtime/clock.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::promql {

class Arena;
class Source;

// Named as the HTTP API names them.
enum class ErrorKind : std::uint8_t {
  kNone,
  kBadData,
  kExecution,
  kTimeout,
  kCanceled,
  kInternal,
  kUnavailable,
};

struct QueryError {
  ErrorKind kind = ErrorKind::kNone;
  std::string message;
};

// What others may see of a run while it goes on. Thread-safe.
struct RunProgress {
  std::atomic<std::uint64_t> samples{0};  // read so far, those for subqueries too
};

struct RunOptions {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 0;  // 0: an instant query at start_ms
  std::int64_t lookback_ms = 300'000;
  std::int64_t subquery_step_ms = 60'000;  // of subqueries that name none
  std::uint64_t max_samples = 50'000'000;  // 0: unlimited
  bool delayed_name_removal = false;       // promql-delayed-name-removal
  bool type_and_unit_labels = false;       // type-and-unit-labels: types are in __type__
  const runtime::Cancellation* cancellation = nullptr;
  const runtime::Clock* clock = nullptr;
  std::int64_t deadline_mono_ns = 0;    // 0: none
  std::shared_ptr<MemoryMeter> memory;  // null: unlimited
  RunProgress* progress = nullptr;
  bool stats_by_step = false;  // SampleStats::by_step is wanted
  bool plan = false;           // QueryResult::plan is wanted

  bool instant() const { return step_ms == 0; }
};

struct SampleStats {
  std::uint64_t samples_total = 0;     // totalQueryableSamples
  std::uint64_t samples_peak = 0;      // peakSamples
  std::vector<std::uint64_t> by_step;  // totalQueryableSamplesPerStep; empty unless asked for
};

// Where the time of a run went, as Prometheus divides it. Without a clock all is 0.
struct RunTimings {
  std::int64_t prepare_ns = 0;  // building the operators, and what is evaluated on the way
  std::int64_t inner_ns = 0;
  std::int64_t sort_ns = 0;
};

// A series of a result: samples in order of time. Each has a value or a histogram. A view of
// columns of its result.
struct ResultSeries {
  LabelSet labels;
  std::span<const std::int64_t> t_ms;
  std::span<const double> v;
  std::span<const nx_histogram* const> h;  // empty: floats only; else float form, null for floats
};

// Samples of many series: a result is a few large blocks, so it is given back in a few
// milliseconds, however many series it has. What series look at never moves.
struct ResultColumns {
  Column<std::int64_t> t_ms;
  Column<double> v;
  Column<const nx_histogram*> h;
};

// What a run yields; owns all that its views point to. Movable.
struct QueryResult {
  QueryResult();
  QueryResult(QueryResult&&) noexcept;
  QueryResult& operator=(QueryResult&&) noexcept;
  ~QueryResult();

  std::shared_ptr<MemoryMeter> memory;  // of the run; the last to go
  QueryError error;                     // kNone: the rest counts
  ValueType type = ValueType::kMatrix;
  std::vector<ResultColumns> columns;
  Column<ResultSeries> series;   // kVector: one sample each; kMatrix
  std::int64_t scalar_t_ms = 0;  // kScalar, kString
  double scalar = 0;
  std::string text;
  Annotations annotations;
  SampleStats stats;
  RunTimings timings;
  std::shared_ptr<const PlanNode> plan;  // null unless asked for; its children are the query
  std::shared_ptr<LabelStore> labels;    // of every LabelSet here
  std::shared_ptr<Arena> arena;          // of every histogram
};

class Query {
 public:
  // NX_ERR_INVALID_ARGUMENT with Prometheus's text. The table is kept alive by the query.
  static Result<Query> parse(std::string_view text, std::shared_ptr<const FunctionTable> table,
                             const ParseOptions& options);

  const std::string& text() const { return *text_; }
  const Expr& root() const { return ast_->root(); }
  ValueType type() const { return root().type; }

  // What cannot be run at all, as a range query for instance: kBadData. run() asks too.
  QueryError check(const RunOptions& options) const;
  QueryResult run(Source& source, const RunOptions& options) const;

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const FunctionTable> table_;
  std::shared_ptr<const Ast> ast_;
};

}  // namespace narthex::promql
