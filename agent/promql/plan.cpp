// SPDX-License-Identifier: Apache-2.0
#include "promql/plan.hpp"

#include "promql/context.hpp"
#include "promql/operators.hpp"

#include <algorithm>

namespace narthex::promql {

namespace {

constexpr std::size_t kExpressionBytes = 160;
constexpr std::size_t kNodesMax = 1000;

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string operation_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kVectorSelector:
      return "select";
    case ExprKind::kMatrixSelector:
      return "select range";
    case ExprKind::kSubquery:
      return "subquery";
    case ExprKind::kCall:
      return as<CallExpr>(expr).function->signature.name + "()";
    case ExprKind::kAggregate: {
      const AggregateExpr& aggregate = as<AggregateExpr>(expr);
      std::string out(spelling(aggregate.op));
      if (aggregate.grouping.empty() && !aggregate.without) return out;
      return out + (aggregate.without ? " without (" : " by (") + joined(aggregate.grouping) + ')';
    }
    case ExprKind::kBinary: {
      const Expr* leftmost = nullptr;
      const auto links = left_spine(expr, leftmost);
      std::string out;
      constexpr std::size_t kShown = 8;
      for (std::size_t i = 0; i < std::min(links.size(), kShown); ++i) {
        (out += out.empty() ? "" : " ") += spelling(links[i]->op);
      }
      return links.size() > kShown ? out + " ..." : out;
    }
    case ExprKind::kUnary:
      return "negate";
    default:
      return "scalar";
  }
}

// One line of the query's text.
std::string text_of(std::string_view query, Position at) {
  const auto start = std::min<std::size_t>(static_cast<std::size_t>(at.start), query.size());
  const auto end = std::clamp<std::size_t>(static_cast<std::size_t>(at.end), start, query.size());
  const bool cut = end - start > kExpressionBytes;
  std::string out(query.substr(start, cut ? kExpressionBytes : end - start));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  // A cut never leaves half a character.
  while (cut && !out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0) {
    out.pop_back();
  }
  return cut ? out + "..." : out;
}

class WatchedStream final : public Stream {
 public:
  WatchedStream(const PlanRecorder& recorder, StreamPtr of, PlanNode& node)
      : recorder_(recorder), of_(std::move(of)), node_(node) {}
  bool next(Batch& out) override {
    const PlanRecorder::Measure measure(recorder_, node_);
    if (!of_->next(out)) return false;
    node_.series += out.series_count();
    node_.values += static_cast<std::uint64_t>(
        std::count(out.present.begin(), out.present.end(), std::uint8_t{1}));
    return true;
  }

 private:
  const PlanRecorder& recorder_;
  StreamPtr of_;
  PlanNode& node_;
};

class WatchedRange final : public RangeStream {
 public:
  WatchedRange(const PlanRecorder& recorder, RangePtr of, PlanNode& node)
      : recorder_(recorder), of_(std::move(of)), node_(node) {}
  bool next(RangeBlock& out) override {
    const PlanRecorder::Measure measure(recorder_, node_);
    if (!of_->next(out)) return false;
    node_.series += out.labels.size();
    node_.values += out.samples;
    return true;
  }

 private:
  const PlanRecorder& recorder_;
  RangePtr of_;
  PlanNode& node_;
};

}  // namespace

PlanRecorder::Measure::Measure(const PlanRecorder& recorder, PlanNode& node)
    : recorder_(recorder),
      node_(node),
      begun_ns_(recorder.clock_.mono_ns()),
      read_before_(recorder.context_.samples_touched()) {}

PlanRecorder::Measure::~Measure() {
  node_.time_ns += recorder_.clock_.mono_ns() - begun_ns_;
  node_.samples += recorder_.context_.samples_touched() - read_before_;
}

PlanNode* PlanRecorder::open(const Expr& expr) {
  PlanNode* const parent = current_;
  if (++node_count_ > kNodesMax) return parent;
  PlanNode& node = *parent->children.emplace_back(std::make_unique<PlanNode>());
  node.operation = operation_of(expr);
  node.expression = text_of(context_.query, expr.position);
  current_ = &node;
  return parent;
}

StreamPtr PlanRecorder::watched(StreamPtr of, PlanNode& node) const {
  if (of == nullptr) return of;
  return std::make_unique<WatchedStream>(*this, std::move(of), node);
}

RangePtr PlanRecorder::watched(RangePtr of, PlanNode& node) const {
  if (of == nullptr) return of;
  return std::make_unique<WatchedRange>(*this, std::move(of), node);
}

}  // namespace narthex::promql
