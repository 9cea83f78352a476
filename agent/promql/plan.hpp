// SPDX-License-Identifier: Apache-2.0
// plan.hpp - how a query was computed: a node for each operator with what it took and yielded. Kept
// only when asked for (RunOptions::plan). One thread.
#pragma once

#include "promql/ast.hpp"
#include "promql/batch.hpp"
#include "promql/range_block.hpp"
#include "runtime/clock.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace narthex::promql {

class Context;

struct PlanNode {
  std::string operation;      // "sum by (job)", "rate()", "a + b", "select"
  std::string expression;     // as printed, cut where it is long
  std::int64_t time_ns = 0;   // with all below it
  std::uint64_t samples = 0;  // read, with all below it
  std::uint64_t series = 0;   // yielded
  std::uint64_t values = 0;   // yielded: values over all series and steps; samples of windows
  std::vector<std::unique_ptr<PlanNode>> children;  // in the order they are written
};

// Builds the tree while operators are built, and measures while they run.
class PlanRecorder {
 public:
  // The context and the clock outlive it.
  PlanRecorder(const Context& context, const runtime::Clock& clock)
      : context_(context), clock_(clock) {}

  // Counts time and samples for a node, from here to the end of the scope.
  class Measure {
   public:
    Measure(const PlanRecorder& recorder, PlanNode& node);
    ~Measure();
    Measure(const Measure&) = delete;
    Measure& operator=(const Measure&) = delete;

   private:
    const PlanRecorder& recorder_;
    PlanNode& node_;
    const std::int64_t begun_ns_;
    const std::uint64_t read_before_;
  };

  // Builds one operator by build() under a node of its own.
  template <class Build>
  auto record(const Expr& expr, Build&& build) {
    PlanNode* const parent = open(expr);
    if (parent == current_) return build();
    PlanNode& node = *current_;
    decltype(build()) built;
    {
      const Measure measure(*this, node);
      built = build();
    }
    current_ = parent;
    return watched(std::move(built), node);
  }
  std::shared_ptr<const PlanNode> root() const { return root_; }

 private:
  // Makes a node for expr the current one and returns the one before; that very one when the tree
  // is as large as a reader would follow.
  PlanNode* open(const Expr& expr);
  StreamPtr watched(StreamPtr of, PlanNode& node) const;
  RangePtr watched(RangePtr of, PlanNode& node) const;

  const Context& context_;
  const runtime::Clock& clock_;
  std::shared_ptr<PlanNode> root_ = std::make_shared<PlanNode>();
  PlanNode* current_ = root_.get();
  std::size_t node_count_ = 0;
};

}  // namespace narthex::promql
