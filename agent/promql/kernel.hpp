// SPDX-License-Identifier: Apache-2.0
// kernel.hpp - one call of a function's kernel: its arguments, its nx_fn_ctx, and how its result
// becomes part of the query. Lives on the stack of the operator that calls.
#pragma once

#include "promql/ast.hpp"
#include "promql/context.hpp"
#include "promql/operators.hpp"

#include <narthex/function.h>

#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::promql {

// Runs f() for a kernel that called back: what it throws for want of memory fails the query, and
// never crosses the ABI.
template <class F>
nx_status within_memory(Context& context, F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    context.fail_for_memory();
    return NX_ERR_EXHAUSTED;
  }
}

// A table over the label sets of a batch, for kernels that ask for it.
class SeriesTable {
 public:
  SeriesTable() = default;
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;
  // False when the query has ended: get() is not to be used then. REQUIRES: called once.
  bool fill(Context& context, std::span<const LabelSet> sets);
  const nx_series_table* get() const { return &table_; }

 private:
  std::vector<nx_str> symbols_;  // of texts in the store
  std::vector<std::uint32_t> refs_;
  std::vector<std::uint32_t> offsets_;
  nx_series_table table_{};
};

// Samples and elements that a kernel is given at once where there are very many: a millisecond or
// two of work, so that a query that is to end ends soon whatever its kernels look at.
inline constexpr std::uint64_t kSamplesPerCall = 1 << 20;

// The arguments of the steps from `first` on.
std::vector<nx_arg> arguments_from(const std::vector<nx_arg>& args, std::uint32_t first);

// The arguments as kernels get them: columns of scalars, texts, nothing for the vector.
std::vector<nx_arg> kernel_arguments(const CallArguments& args);

class KernelCall {
 public:
  // labels: of the block's series, for annotations. results: where put_histogram() writes, the
  // kernel's element 0 at `first`; null: the kernel may not. Both outlive this.
  KernelCall(Context& context, const CallExpr& call, std::span<const LabelSet> labels,
             Batch* results, std::uint64_t first = 0);

  // Runs f(instance, ctx, error); false when the query failed.
  template <class F>
  bool run(F&& f) {
    const Status status = call_.function->caller->call(
        [&](void* instance, nx_error* error) { return f(instance, &ctx_, error); });
    return finish(status);
  }

 private:
  static void* NX_CALL scratch(const nx_fn_ctx* ctx, std::uint64_t size);
  static void NX_CALL annotate(const nx_fn_ctx* ctx, std::uint32_t level, std::uint32_t arg,
                               std::uint32_t series, nx_str text);
  static nx_status NX_CALL put_histogram(const nx_fn_ctx* ctx, std::uint64_t i,
                                         const nx_histogram* h);
  static std::int32_t NX_CALL cancelled(const nx_fn_ctx* ctx);
  static KernelCall& self(const nx_fn_ctx* ctx) { return *static_cast<KernelCall*>(ctx->impl); }
  bool finish(const Status& status);

  Context& context_;
  const CallExpr& call_;
  std::span<const LabelSet> labels_;
  Batch* results_;
  const std::uint64_t first_;
  Arena scratch_;
  nx_fn_ctx ctx_{};
};

}  // namespace narthex::promql
