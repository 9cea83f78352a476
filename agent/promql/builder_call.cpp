// SPDX-License-Identifier: Apache-2.0
// Calls: which operator runs a function, and its arguments.
#include "promql/builder.hpp"
#include "promql/quoting.hpp"

#include <narthex/function.h>

namespace narthex::promql {

bool Builder::need_kernel(const CallExpr& call) {
  if (call.function->kernel != nullptr) return true;
  return context_.fail(ErrorKind::kExecution, "function " + quote(call.function->signature.name) +
                                                  " is not available: no plugin offers it");
}

// Evaluates what was given, in order. A vector that may be left out is the time of the step then.
bool Builder::arguments(const CallExpr& call, const Grid& grid, CallArguments& out) {
  const FunctionSignature& signature = call.function->signature;
  const std::size_t given = call.args.size();
  out.scalars.resize(given);
  out.texts.resize(given);
  out.vectors.resize(given);
  for (std::size_t i = 0; i < given; ++i) {
    const Expr& arg = *call.args[i];
    switch (arg.type) {
      case ValueType::kScalar:
        if (!scalar(arg, grid, out.scalars[i])) return false;
        break;
      case ValueType::kString:
        out.texts[i] = as<StringExpr>(unwrap(arg)).value;
        break;
      case ValueType::kVector:
        out.vectors[i] = vector(arg, grid);
        if (out.vectors[i] == nullptr) return false;
        break;
      case ValueType::kMatrix:
        out.range = range(arg, grid);
        if (out.range == nullptr) return false;
    }
  }
  if (given < signature.params.size() && signature.params[given] == ValueType::kVector) {
    ScalarColumn times(grid.count);
    for (std::uint32_t i = 0; i < grid.count; ++i) {
      times[i] = static_cast<double>(grid.at(i)) / 1000;
    }
    out.vectors.push_back(from_scalar(context_, std::move(times)));
  }
  return true;
}

// Functions that look at the text of their argument, not at its value only.
StreamPtr Builder::special_call(const CallExpr& call, const Grid& grid) {
  const std::string& name = call.function->signature.name;
  if (name == "absent") {
    StreamPtr of = vector(*call.args[0], grid);
    return of != nullptr ? absent(context_, *call.args[0], grid, std::move(of)) : nullptr;
  }
  if (name == "absent_over_time") {
    RangePtr of = range(*call.args[0], grid);
    return of != nullptr ? absent_over_time(context_, *call.args[0], grid, std::move(of)) : nullptr;
  }
  if (name == "info") {
    StreamPtr of = vector(*call.args[0], grid);
    return of != nullptr ? info(context_, call, grid, std::move(of)) : nullptr;
  }
  // Of a selector, the time of each sample and not that of the step.
  StreamPtr times = select_instant(context_, as<VectorSelector>(unwrap(*call.args[0])), grid,
                                   SelectValue::kTimestamp);
  return drop_names(context_, std::move(times), names_may_differ(*call.args[0]), Collision::kMerge);
}

StreamPtr Builder::call(const CallExpr& call, const Grid& grid) {
  const std::string& name = call.function->signature.name;
  const bool of_selector =
      !call.args.empty() && unwrap(*call.args[0]).kind == ExprKind::kVectorSelector;
  if (call.function->built_in ||
      (call.function->standard && name == "timestamp" && of_selector)) {
    return special_call(call, grid);
  }
  return need_kernel(call) ? plain_call(call, grid) : nullptr;
}

StreamPtr Builder::plain_call(const CallExpr& call, const Grid& grid) {
  CallArguments args;
  if (!arguments(call, grid, args)) return nullptr;
  const nx_function& kernel = *call.function->kernel;
  const bool keeps_name = (kernel.flags & NX_FN_KEEP_NAME) != 0;
  if (kernel.kind == NX_FN_SCALAR) {
    ScalarColumn column;
    if (!call_scalar(context_, call, grid, std::move(args), column)) return nullptr;
    return from_scalar(context_, std::move(column));
  }
  if (kernel.kind == NX_FN_MATRIX) {
    Batch batch;
    if (!call_matrix(context_, call, grid, std::move(args), batch)) return nullptr;
    StreamPtr all = materialized(context_, std::move(batch));
    if (!keeps_name) return drop_names(context_, std::move(all), true, Collision::kMerge);
    return merge_equal(context_, std::move(all), Collision::kRefuse);
  }
  const bool window = kernel.kind == NX_FN_WINDOW;
  bool collide = false;
  for (const Expr* arg : call.args) {
    if (arg->type == ValueType::kVector || arg->type == ValueType::kMatrix) {
      collide = collide || names_may_differ(*arg);
    }
  }
  StreamPtr result = window ? call_window(context_, call, grid, std::move(args))
                            : call_elementwise(context_, call, grid, std::move(args));
  if (keeps_name) return result;
  return drop_names(context_, std::move(result), collide,
                    window ? Collision::kRefuse : Collision::kMerge);
}

}  // namespace narthex::promql
