// SPDX-License-Identifier: Apache-2.0
#include "promql/engine.hpp"

#include "promql/builder.hpp"
#include "promql/context.hpp"
#include "promql/merge_series.hpp"
#include "promql/reference_times.hpp"
#include "promql/quoting.hpp"
#include "promql/sort_order.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace narthex::promql {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// One run: builds the operators, pulls, and makes the result.
class Run {
 public:
  Run(const Query& query, Source& source, const RunOptions& options, const Grid& grid)
      : query_(query),
        context_(source, options, query.text(), grid),
        builder_(context_, query.root()) {}

  QueryResult execute();

 private:
  bool evaluate_in_memory(QueryResult& out);
  bool evaluate(QueryResult& out);
  bool scalar(QueryResult& out);
  bool vector(QueryResult& out);
  bool matrix(QueryResult& out);
  bool finish_names(std::vector<Batch>& batches);
  bool add_batch(Batch& batch, QueryResult& out);
  void add_series(Batch& batch, std::size_t series, QueryResult& out);
  void compact(Batch& batch, std::size_t first, std::size_t count, QueryResult& out,
               ResultSeries& result);
  std::span<const std::int64_t> times(QueryResult& out);
  Column<std::int64_t>& room_for_times(std::size_t count, QueryResult& out);
  bool add_windows(const RangeBlock& block, QueryResult& out);
  bool sort(QueryResult& out);
  bool put_in_order(Column<ResultSeries>& series, Column<std::uint32_t>& order);
  void built();
  void pulled();
  std::int64_t now_ns() const {
    return context_.options.clock != nullptr ? context_.options.clock->mono_ns() : 0;
  }

  const Query& query_;
  Context context_;
  Builder builder_;
  std::span<const std::int64_t> times_;  // of the steps, once a series needs them
  std::size_t own_times_ = kNone;        // the columns that times of sparse series go into
  RunTimings timings_;
  std::int64_t begun_ns_ = 0;
};

QueryResult Run::execute() {
  QueryResult out;
  out.memory = context_.options.memory;
  out.labels = context_.label_owner;
  out.arena = context_.arena_owner;
  begun_ns_ = now_ns();
  if (context_.stop() || !evaluate_in_memory(out)) {
    out.series.clear();
    out.error = context_.error();
  }
  out.annotations = std::move(context_.annotations);
  out.stats = context_.stats();
  out.timings = timings_;
  if (context_.plan) out.plan = context_.plan->root();
  return out;
}

// What does not fit into memory fails the query and nothing else.
bool Run::evaluate_in_memory(QueryResult& out) {
  try {
    return evaluate(out);
  } catch (const std::bad_alloc&) {
    return context_.fail_for_memory();
  }
}

// The operators are there; what follows is pulling.
void Run::built() {
  const std::int64_t now = now_ns();
  timings_.prepare_ns = now - begun_ns_;
  begun_ns_ = now;
}

void Run::pulled() { timings_.inner_ns = now_ns() - begun_ns_; }

bool Run::evaluate(QueryResult& out) {
  switch (query_.type()) {
    case ValueType::kString:
      out.type = ValueType::kString;
      out.text = as<StringExpr>(unwrap(query_.root())).value;
      out.scalar_t_ms = context_.grid.start_ms;
      return true;
    case ValueType::kScalar:
      return scalar(out);
    case ValueType::kVector:
      return vector(out);
    default:
      return matrix(out);
  }
}

bool Run::scalar(QueryResult& out) {
  ScalarColumn column;
  if (!builder_.scalar(query_.root(), context_.grid, column)) return false;
  pulled();
  context_.hold(column.size());
  if (context_.options.instant()) {
    out.type = ValueType::kScalar;
    out.scalar = column[0];
    out.scalar_t_ms = context_.grid.start_ms;
    return true;
  }
  out.type = ValueType::kMatrix;
  ResultColumns& columns = out.columns.emplace_back();
  columns.t_ms = context_.grid.times();
  columns.v = std::move(column);
  out.series.push_back({{}, columns.t_ms, columns.v, {}});
  return !context_.failed();
}

// What delayed name removal has put off until here: series that fall together are in one batch
// then.
bool Run::finish_names(std::vector<Batch>& batches) {
  const auto drops = [](const Batch& batch) { return !batch.drop_name.empty(); };
  if (std::none_of(batches.begin(), batches.end(), drops)) return true;
  Batch all;
  if (!put_together(context_, batches, all)) return false;
  for (std::size_t s = 0; s < all.series_count(); ++s) {
    if (context_.stop_after(kWorkOfLabels)) return false;
    if (all.drops_name(s)) all.labels[s] = context_.labels.without_metadata(all.labels[s]);
  }
  if (!merge_equal_series(context_, all, Collision::kMerge)) return false;
  batches.clear();
  batches.push_back(std::move(all));
  return true;
}

std::span<const std::int64_t> Run::times(QueryResult& out) {
  if (times_.empty()) {
    Column<std::int64_t>& column = out.columns.emplace_back().t_ms;
    column = context_.grid.times();
    times_ = column;
  }
  return times_;
}

// A column that so many times can be appended to without moving it.
Column<std::int64_t>& Run::room_for_times(std::size_t count, QueryResult& out) {
  std::size_t room = 16 * count;
  if (own_times_ != kNone) {
    Column<std::int64_t>& column = out.columns[own_times_].t_ms;
    if (column.capacity() - column.size() >= count) return column;
    room = std::max(room, 4 * column.capacity());
  }
  own_times_ = out.columns.size();
  Column<std::int64_t>& column = out.columns.emplace_back().t_ms;
  column.reserve(std::max(count, std::min(kBatchElements, room)));
  return column;
}

// Its values stay where they are, and the rest of it goes.
bool Run::add_batch(Batch& batch, QueryResult& out) {
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    if (context_.stop_after(kWorkOfLabels + 2 * batch.step_count)) return false;
    add_series(batch, s, out);
  }
  ResultColumns& columns = out.columns.emplace_back();
  columns.v = std::move(batch.v);
  columns.h = std::move(batch.h);
  batch = Batch();
  return true;
}

// The values of the batch stay where they are: its columns are the result's in the end.
void Run::add_series(Batch& batch, std::size_t series, QueryResult& out) {
  const std::size_t first = series * batch.step_count;
  const std::uint8_t* present = &batch.present[first];
  const auto count =
      static_cast<std::size_t>(std::count(present, present + batch.step_count, std::uint8_t{1}));
  if (count == 0) return;
  ResultSeries& result = out.series.emplace_back();
  result.labels = batch.labels[series];
  if (count == batch.step_count) {
    result.t_ms = times(out);
  } else {
    compact(batch, first, count, out, result);
  }
  result.v = {&batch.v[first], count};
  if (batch.h.empty()) return;
  const std::span<const nx_histogram* const> h(&batch.h[first], count);
  const bool any = std::any_of(h.begin(), h.end(), [](const auto* one) { return one != nullptr; });
  if (any) result.h = h;
}

// Moves the samples of a row that is not full to its front.
void Run::compact(Batch& batch, std::size_t first, std::size_t count, QueryResult& out,
                  ResultSeries& result) {
  Column<std::int64_t>& times = room_for_times(count, out);
  const std::size_t first_time = times.size();
  std::size_t to = first;
  for (std::size_t i = 0; i < batch.step_count; ++i) {
    if (batch.present[first + i] == 0) continue;
    times.push_back(context_.grid.at(static_cast<std::uint32_t>(i)));
    batch.v[to] = batch.v[first + i];
    if (!batch.h.empty()) batch.h[to] = batch.h[first + i];
    ++to;
  }
  result.t_ms = std::span(times).subspan(first_time);
}

bool Run::vector(QueryResult& out) {
  out.type = context_.options.instant() ? ValueType::kVector : ValueType::kMatrix;
  const StreamPtr stream = builder_.vector(query_.root(), context_.grid);
  if (stream == nullptr) return false;
  built();
  HeldSamples held(context_);
  std::vector<Batch> batches;
  if (!keep_batches(*stream, batches, held) || !finish_names(batches)) return false;
  std::size_t series_count = 0;
  for (const Batch& batch : batches) series_count += batch.series_count();
  out.series.reserve(series_count);  // what grows would move them all, in one go
  for (Batch& batch : batches) {
    if (!add_batch(batch, out)) return false;
  }
  pulled();
  return context_.options.instant() || sort(out);
}

// The samples in the windows of a block, in columns of their own.
bool Run::add_windows(const RangeBlock& block, QueryResult& out) {
  const nx_window_in& in = block.in;
  const auto histograms = [&](std::uint32_t s) {
    return in.hlo != nullptr ? in.hhi[s] - in.hlo[s] : 0;
  };
  const auto floats = [&](std::uint32_t s) {
    return in.hi[in.win_stride * s] - in.lo[in.win_stride * s];
  };
  std::size_t samples = 0;
  std::size_t beside_histograms = 0;
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    const std::size_t count = std::size_t{floats(s)} + histograms(s);
    samples += count;
    if (histograms(s) > 0) beside_histograms += count;
  }
  ResultColumns& to = out.columns.emplace_back();
  to.t_ms.reserve(samples);
  to.v.reserve(samples);
  to.h.reserve(beside_histograms);
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (context_.stop_after(kWorkOfLabels)) return false;
    const std::size_t count = std::size_t{floats(s)} + histograms(s);
    if (count == 0) continue;
    const std::uint64_t w = in.win_stride * s;
    const std::int64_t* t = (in.flags & NX_WINDOW_SHARED_T) != 0 ? in.t : in.t + in.off[s];
    const bool mixed = histograms(s) > 0;
    std::uint32_t h = mixed ? in.hlo[s] : 0;
    const std::uint32_t h_end = mixed ? in.hhi[s] : 0;
    const auto put = [&](std::int64_t t_ms, double v, const nx_histogram* histogram) {
      to.t_ms.push_back(t_ms);
      to.v.push_back(v);
      if (mixed) to.h.push_back(histogram);
    };
    for (std::uint32_t k = in.lo[w]; k < in.hi[w]; ++k) {
      if (context_.stop_after(2)) return false;
      for (; h < h_end && in.ht[h] < t[k]; ++h) put(in.ht[h], 0, in.h[h]);
      put(t[k], in.v[in.off[s] + k], nullptr);
    }
    for (; h < h_end; ++h) put(in.ht[h], 0, in.h[h]);
    ResultSeries& series = out.series.emplace_back();
    series.labels = block.labels[s];
    if (s < block.drop_name.size() && block.drop_name[s] != 0) {
      series.labels = context_.labels.without_metadata(series.labels);
    }
    series.t_ms = std::span(to.t_ms).last(count);
    series.v = std::span(to.v).last(count);
    if (mixed) series.h = std::span(to.h).last(count);
  }
  return true;
}

bool Run::matrix(QueryResult& out) {
  out.type = ValueType::kMatrix;
  const RangePtr stream = builder_.range(query_.root(), context_.grid);
  if (stream == nullptr) return false;
  built();
  RangeBlock block;
  while (stream->next(block)) {
    if (!add_windows(block, out)) return false;
  }
  if (context_.failed()) return false;
  pulled();
  return sort(out);
}

// In place, along the cycles of the order.
bool Run::put_in_order(Column<ResultSeries>& series, Column<std::uint32_t>& order) {
  for (std::uint32_t first = 0; first < order.size(); ++first) {
    std::uint32_t at = first;
    while (order[at] != first) {
      if (context_.stop_after(16)) return false;
      const std::uint32_t from = std::exchange(order[at], at);
      std::swap(series[at], series[from]);
      at = from;
    }
    order[at] = at;
  }
  return true;
}

bool Run::sort(QueryResult& out) {
  const std::int64_t begun_ns = now_ns();
  Column<std::uint32_t> order;
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    return context_.labels.compare(out.series[a].labels, out.series[b].labels) < 0;
  };
  if (!sort_order(context_, out.series.size(), kWorkOfCompare, less, order)) return false;
  if (!put_in_order(out.series, order)) return false;
  timings_.sort_ns = now_ns() - begun_ns;
  return true;
}

// False when the range has more steps than can be counted.
bool make_grid(const RunOptions& options, Grid& out) {
  out.start_ms = options.start_ms;
  if (options.instant()) return true;
  out.step_ms = options.step_ms;
  if (options.end_ms < options.start_ms) return true;
  const std::uint64_t steps =
      (static_cast<std::uint64_t>(options.end_ms) - static_cast<std::uint64_t>(options.start_ms)) /
          static_cast<std::uint64_t>(options.step_ms) +
      1;
  out.count = static_cast<std::uint32_t>(steps);
  return steps < (1u << 26);
}

}  // namespace

QueryResult::QueryResult() = default;
QueryResult::QueryResult(QueryResult&&) noexcept = default;
QueryResult& QueryResult::operator=(QueryResult&& other) noexcept {
  if (this == &other) return *this;
  // What this held goes before the meter that it is charged to.
  std::destroy_at(this);
  return *std::construct_at(this, std::move(other));
}
QueryResult::~QueryResult() = default;

Result<Query> Query::parse(std::string_view text, std::shared_ptr<const FunctionTable> table,
                           const ParseOptions& options) {
  Query query;
  query.text_ = std::make_shared<const std::string>(text);
  query.table_ = std::move(table);
  Result<std::shared_ptr<const Ast>> ast = parse_expression(*query.text_, *query.table_, options);
  if (!ast.ok()) return ast.status();
  query.ast_ = *std::move(ast);
  return query;
}

QueryError Query::check(const RunOptions& options) const {
  if (!options.instant() && type() != ValueType::kScalar && type() != ValueType::kVector) {
    return {ErrorKind::kBadData, "invalid expression type " + quote(documented_name(type())) +
                                     " for range query, must be Scalar or instant Vector"};
  }
  return check_durations(root(), options);
}

QueryResult Query::run(Source& source, const RunOptions& options) const {
  QueryResult refused;
  refused.error = check(options);
  Grid grid;
  if (refused.error.kind == ErrorKind::kNone && !make_grid(options, grid)) {
    refused.error = {ErrorKind::kBadData, "too many steps in the range of the query"};
  }
  if (refused.error.kind != ErrorKind::kNone) return refused;
  const MemoryScope scope(options.memory.get());
  return Run(*this, source, options, grid).execute();
}

}  // namespace narthex::promql
