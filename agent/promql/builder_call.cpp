// SPDX-License-Identifier: Apache-2.0
// Calls: which operator runs a function, and its arguments.
#include "promql/builder.hpp"
#include "promql/quoting.hpp"

#include <narthex/function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

namespace narthex::promql {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

bool Builder::need_kernel(const CallExpr& call) {
  if (call.function->kernel != nullptr) return true;
  return context_.fail(ErrorKind::kExecution, "function " + quote(call.function->signature.name) +
                                                  " is not available: no plugin offers it");
}

// Kernels see samples beyond the ends of an anchored or smoothed window: few know what to do.
bool Builder::check_range_mode(const CallExpr& call) {
  constexpr std::string_view kAnchored[] = {"changes", "delta", "increase", "rate", "resets"};
  constexpr std::string_view kSmoothed[] = {"delta", "increase", "rate"};
  for (const Expr* arg : call.args) {
    const Expr& expr = unwrap(*arg);
    if (expr.kind != ExprKind::kMatrixSelector) continue;
    const RangeMode mode = as<MatrixSelector>(expr).selector->mode;
    if (mode == RangeMode::kPlain) continue;
    const bool anchored = mode == RangeMode::kAnchored;
    const std::span<const std::string_view> fit =
        anchored ? std::span<const std::string_view>(kAnchored)
                 : std::span<const std::string_view>(kSmoothed);
    const std::string& name = call.function->signature.name;
    if (call.function->standard && std::find(fit.begin(), fit.end(), name) != fit.end()) continue;
    std::string names;
    for (const std::string_view one : fit) names += (names.empty() ? "" : ", ") + std::string(one);
    return context_.fail(ErrorKind::kExecution, std::string(anchored ? "anchored" : "smoothed") +
                                                    " modifier can only be used with: " + names +
                                                    " - not with " + name);
  }
  return true;
}

// start() end() range() step() of the whole query in seconds, min_of() and max_of().
bool Builder::context_scalar(const CallExpr& call, const Grid& grid, ScalarColumn& out) {
  const std::string& name = call.function->signature.name;
  const RunOptions& options = context_.options;
  const auto constant = [&](std::int64_t ms) {
    out.assign(grid.count, static_cast<double>(ms) / 1000);
    return true;
  };
  const std::int64_t end_ms = options.instant() ? options.start_ms : options.end_ms;
  if (name == "start") return constant(options.start_ms);
  if (name == "end") return constant(end_ms);
  if (name == "range") return constant(end_ms - options.start_ms);
  if (name == "step") return constant(options.step_ms);
  ScalarColumn other;
  if (!scalar(*call.args[0], grid, out) || !scalar(*call.args[1], grid, other)) return false;
  const double sign = name == "min_of" ? 1 : -1;
  for (std::uint32_t i = 0; i < grid.count; ++i) {
    // Infinity wins over NaN, NaN over the rest.
    const double a = out[i] * sign;
    const double b = other[i] * sign;
    if (std::isnan(a) || std::isnan(b)) {
      const bool infinite = (std::isinf(a) && a < 0) || (std::isinf(b) && b < 0);
      out[i] = infinite ? -kInfinity * sign : std::numeric_limits<double>::quiet_NaN();
    } else {
      out[i] = std::min(a, b) * sign;
    }
  }
  return true;
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
  const bool of_selector = !call.args.empty() &&
                           unwrap(*call.args[0]).kind == ExprKind::kVectorSelector &&
                           as<VectorSelector>(unwrap(*call.args[0])).mode == RangeMode::kPlain;
  if (!check_range_mode(call)) return nullptr;
  if (call.function->built_in || (call.function->standard && name == "timestamp" && of_selector)) {
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
  if (keeps_name) return window ? keep_names(std::move(result)) : std::move(result);
  return drop_names(context_, std::move(result), collide,
                    window ? Collision::kRefuse : Collision::kMerge);
}

}  // namespace narthex::promql
