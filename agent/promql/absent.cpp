// SPDX-License-Identifier: Apache-2.0
#include "promql/operators.hpp"

#include <narthex/sdk/labels.hpp>

#include <map>

namespace narthex::promql {

namespace {

const std::vector<LabelMatcher>* matchers_of(const Expr& argument) {
  const Expr& expr = unwrap(argument);
  if (expr.kind == ExprKind::kVectorSelector) return &as<VectorSelector>(expr).matchers;
  if (expr.kind == ExprKind::kMatrixSelector) return &as<MatrixSelector>(expr).selector->matchers;
  return nullptr;
}

// What the selector asks for: of every label that it pins to one value, that value.
LabelSet labels_of(Context& context, const Expr& argument) {
  const std::vector<LabelMatcher>* matchers = matchers_of(argument);
  if (matchers == nullptr) return {};
  std::map<std::string_view, std::string_view> pinned;
  std::map<std::string_view, bool> seen;
  for (const LabelMatcher& matcher : *matchers) {
    if (matcher.name == kMetricName) continue;
    if (matcher.op == NX_MATCH_EQ && !seen[matcher.name]) {
      pinned[matcher.name] = matcher.value;
      seen[matcher.name] = true;
    } else {
      pinned.erase(matcher.name);
    }
  }
  std::vector<LabelPair> pairs;
  for (const auto& [name, value] : pinned) {
    pairs.push_back({context.labels.intern(name), context.labels.intern(value)});
  }
  return context.labels.add_unsorted(std::move(pairs));
}

// One series with the value 1 wherever `seen` is 0.
StreamPtr where_unseen(Context& context, const Expr& argument,
                       const std::vector<std::uint8_t>& seen) {
  Batch out;
  out.clear(static_cast<std::uint32_t>(seen.size()));
  out.add(labels_of(context, argument));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    out.present[i] = seen[i] == 0 ? 1 : 0;
    out.v[i] = seen[i] == 0 ? 1 : 0;
  }
  return materialized(context, std::move(out));
}

}  // namespace

StreamPtr absent(Context& context, const Expr& argument, const Grid& grid, StreamPtr of) {
  std::vector<std::uint8_t> seen(grid.count, 0);
  Batch batch;
  while (!context.stop() && of->next(batch)) {
    for (std::size_t i = 0; i < batch.size(); ++i) seen[i % grid.count] |= batch.present[i];
  }
  return context.failed() ? nullptr : where_unseen(context, argument, seen);
}

StreamPtr absent_over_time(Context& context, const Expr& argument, const Grid& grid, RangePtr of) {
  std::vector<std::uint8_t> seen(grid.count, 0);
  RangeBlock block;
  while (!context.stop() && of->next(block)) {
    const nx_window_in& in = block.in;
    for (std::uint64_t i = 0; i < in.n; ++i) {
      const std::uint64_t w = in.win_stride == 0 ? i % grid.count : i;
      if (in.hi[w] > in.lo[w] || (in.hlo != nullptr && in.hhi[i] > in.hlo[i])) {
        seen[i % grid.count] = 1;
      }
    }
  }
  return context.failed() ? nullptr : where_unseen(context, argument, seen);
}

}  // namespace narthex::promql
