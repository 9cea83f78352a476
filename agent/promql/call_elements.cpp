// SPDX-License-Identifier: Apache-2.0
// Calls of functions that work element by element: on scalars, and on instant vectors.
#include "promql/kernel.hpp"
#include "promql/operators.hpp"

#include <algorithm>
#include <optional>

namespace narthex::promql {

namespace {

class ElementwiseCall final : public Stream {
 public:
  ElementwiseCall(Context& context, const CallExpr& call, const Grid& grid, CallArguments args)
      : context_(context),
        call_(call),
        kernel_(*call.function->kernel),
        times_(grid.times()),
        args_(std::move(args)),
        kernel_args_(kernel_arguments(args_)) {
    for (StreamPtr& stream : args_.vectors) {
      if (stream != nullptr) input_stream_ = stream.get();
    }
  }

  bool next(Batch& out) override {
    if (context_.stop() || !input_stream_->next(input_)) return false;
    if ((kernel_.flags & NX_FN_HISTOGRAMS) == 0) drop_histograms();
    out.clear(input_.step_count);
    out.labels = input_.labels;
    out.drop_name = input_.drop_name;
    out.v.assign(input_.size(), 0.0);
    out.present = input_.present;
    return evaluate(out);
  }

 private:
  // A kernel that knows nothing of them never sees them.
  void drop_histograms() {
    if (input_.h.empty()) return;
    for (std::size_t i = 0; i < input_.size(); ++i) {
      if (input_.h[i] != nullptr) input_.set_absent(i);
    }
    input_.h.clear();
  }

  bool evaluate(Batch& out) {
    nx_elem_in in{};
    in.struct_size = sizeof in;
    in.series_count = static_cast<std::uint32_t>(input_.series_count());
    in.step_count = input_.step_count;
    in.n = input_.size();
    in.arg_count = static_cast<std::uint32_t>(kernel_args_.size());
    in.step_t = times_.data();
    in.v = input_.v.data();
    in.present = input_.present.data();
    in.h = input_.h.empty() ? nullptr : input_.h.data();
    in.args = kernel_args_.data();
    std::optional<SeriesTable> table;
    if ((kernel_.flags & NX_FN_LABELS) != 0) {
      if (!table.emplace().fill(context_, input_.labels)) return false;
      in.labels = table->get();
    }
    if (table || in.series_count > 1) return run_kernel(in, 0, out);
    return evaluate_by_steps(in, out);
  }

  bool run_kernel(const nx_elem_in& in, std::uint64_t first, Batch& out) {
    const nx_elem_out result{sizeof(nx_elem_out), 0, out.v.data() + first,
                             out.present.data() + first};
    KernelCall call(context_, call_, input_.labels, &out, first);
    return call.run([&](void* instance, const nx_fn_ctx* ctx, nx_error* error) {
      return kernel_.eval(instance, ctx, &in, &result, error);
    });
  }

  // One series may have millions of steps, in a subquery.
  bool evaluate_by_steps(const nx_elem_in& in, Batch& out) {
    constexpr auto kStepsPerCall = static_cast<std::uint32_t>(kSamplesPerCall / 32);
    for (std::uint32_t first = 0; first < in.step_count; first += kStepsPerCall) {
      nx_elem_in part = in;
      const std::vector<nx_arg> args = arguments_from(kernel_args_, first);
      part.step_count = std::min(kStepsPerCall, in.step_count - first);
      part.n = part.step_count;
      part.args = args.data();
      part.step_t += first;
      part.v += first;
      part.present += first;
      if (part.h != nullptr) part.h += first;
      if (context_.stop() || !run_kernel(part, first, out)) return false;
    }
    return true;
  }

  Context& context_;
  const CallExpr& call_;
  const nx_function& kernel_;
  const Column<std::int64_t> times_;
  CallArguments args_;
  const std::vector<nx_arg> kernel_args_;
  Stream* input_stream_ = nullptr;
  Batch input_;
};

}  // namespace

StreamPtr call_elementwise(Context& context, const CallExpr& call, const Grid& grid,
                           CallArguments args) {
  return std::make_unique<ElementwiseCall>(context, call, grid, std::move(args));
}

bool call_scalar(Context& context, const CallExpr& call, const Grid& grid, CallArguments args,
                 ScalarColumn& out) {
  const nx_function& kernel = *call.function->kernel;
  const std::vector<nx_arg> kernel_args = kernel_arguments(args);
  const Column<std::int64_t> times = grid.times();
  nx_elem_in in{};
  in.struct_size = sizeof in;
  in.series_count = 1;
  in.step_count = grid.count;
  in.n = grid.count;
  in.arg_count = static_cast<std::uint32_t>(kernel_args.size());
  in.step_t = times.data();
  in.args = kernel_args.data();
  out.assign(grid.count, 0.0);
  Column<std::uint8_t> present(grid.count, 1);
  const nx_elem_out result{sizeof(nx_elem_out), 0, out.data(), present.data()};
  KernelCall kernel_call(context, call, {}, nullptr);
  return kernel_call.run([&](void* instance, const nx_fn_ctx* ctx, nx_error* error) {
    return kernel.eval(instance, ctx, &in, &result, error);
  });
}

}  // namespace narthex::promql
