// SPDX-License-Identifier: Apache-2.0
// operators.hpp - the operators that a query is made of, one factory each; one kind a .cpp file.
// They keep references to the context and to the tree, which outlive them.
#pragma once

#include "promql/ast.hpp"
#include "promql/batch.hpp"
#include "promql/context.hpp"
#include "promql/grid.hpp"
#include "promql/range_block.hpp"

#include <vector>

namespace narthex::promql {

// Elements that a batch aims at: large enough that calls cost nothing, small enough for the cache.
inline constexpr std::size_t kBatchElements = 1 << 16;

// How many series of so many steps make a batch.
inline std::size_t series_per_batch(std::uint32_t steps) { return kBatchElements / steps + 1; }

// ---- leaves ----

// kTimestamp: the time of each sample in seconds; kInfoTimestamp: histograms are shown beside it.
enum class SelectValue : std::uint8_t { kValue, kTimestamp, kInfoTimestamp };
StreamPtr select_instant(Context& context, const VectorSelector& selector, const Grid& grid,
                         SelectValue value);
// The samples of a while alone, however far the steps look back: [from_ms, until_ms].
struct TimeBounds {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
};
StreamPtr select_instant(Context& context, const VectorSelector& selector, const Grid& grid,
                         SelectValue value, const TimeBounds& bounds);
StreamPtr select_smoothed(Context& context, const VectorSelector& selector, const Grid& grid);
RangePtr select_range(Context& context, const MatrixSelector& matrix, const Grid& grid);
// ---- plumbing ----

// A whole result in memory.
struct Held {
  explicit Held(Context& context) : samples(context) {}
  Batch batch;
  HeldSamples samples;
};
// All of a stream as it comes; false after a failure.
bool keep_batches(Stream& stream, std::vector<Batch>& out, HeldSamples& held);
// Batches as one; they are gone then. False when the query has ended.
bool put_together(Context& context, std::vector<Batch>& parts, Batch& out);
// All of a stream as one batch; false after a failure.
bool drain(Context& context, Stream& stream, Held& out);
StreamPtr materialized(Context& context, Held held);
// The same for a batch that nobody counts.
StreamPtr materialized(Context& context, Batch batch);
// The windows of a subquery over what its inner expression yielded on a grid of its own.
RangePtr windows_over(Context& context, Held inner, const Grid& inner_grid,
                      Column<std::int64_t> end_ms, std::int64_t range_ms);
// Repeats the single step of `of` over the grid.
StreamPtr broadcast(Context& context, StreamPtr of, const Grid& grid);
// A series without labels.
StreamPtr from_scalar(Context& context, ScalarColumn column);

enum class Collision : std::uint8_t {
  kMerge,   // series with equal labels become one, unless both have a value at some step
  kRefuse,  // they are an error
};
// Takes the metric name off every series (at the very end, with delayed name removal), and, where
// names may have differed, deals with those that are equal then.
StreamPtr drop_names(Context& context, StreamPtr of, bool may_collide, Collision collision);
// Names that were to go at the very end stay.
StreamPtr keep_names(StreamPtr of);
StreamPtr merge_equal(Context& context, StreamPtr of, Collision collision);

// ---- operators ----

StreamPtr negate(Context& context, StreamPtr of);
StreamPtr vector_scalar(Context& context, const BinaryExpr& expr, StreamPtr vector,
                        ScalarColumn scalar, bool scalar_left);
double scalar_scalar(TokenKind op, double a, double b);
StreamPtr vector_vector(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs);
StreamPtr set_operation(Context& context, const BinaryExpr& expr, StreamPtr lhs, StreamPtr rhs);

// sum avg min max count group stddev stdvar
StreamPtr fold(Context& context, const AggregateExpr& expr, StreamPtr of);
StreamPtr quantile(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param);
// topk bottomk limitk limit_ratio
StreamPtr rank(Context& context, const AggregateExpr& expr, StreamPtr of, ScalarColumn param);
StreamPtr count_values(Context& context, const AggregateExpr& expr, StreamPtr of,
                       const std::string& label);

// absent() and absent_over_time(): one series, labelled after the selector, where nothing else is.
// They stand here and not in a plugin because they look at the text of their argument.
StreamPtr absent(Context& context, const Expr& argument, const Grid& grid, StreamPtr of);
StreamPtr absent_over_time(Context& context, const Expr& argument, const Grid& grid, RangePtr of);
// info(base, {data labels}): the labels of info metrics added to the series they belong to.
StreamPtr info(Context& context, const CallExpr& call, const Grid& grid, StreamPtr base);

// ---- calls ----

struct CallArguments {
  std::vector<ScalarColumn> scalars;  // [args], empty for the others
  std::vector<std::string> texts;     // [args]
  std::vector<StreamPtr> vectors;     // [args], null for the others
  RangePtr range;
};
StreamPtr call_elementwise(Context& context, const CallExpr& call, const Grid& grid,
                           CallArguments args);
StreamPtr call_window(Context& context, const CallExpr& call, const Grid& grid, CallArguments args);
// All series at once, as a batch; what a scalar function yields is its first series.
bool call_matrix(Context& context, const CallExpr& call, const Grid& grid, CallArguments args,
                 Batch& out);
bool call_scalar(Context& context, const CallExpr& call, const Grid& grid, CallArguments args,
                 ScalarColumn& out);

}  // namespace narthex::promql
