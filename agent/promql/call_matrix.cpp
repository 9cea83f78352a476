// SPDX-License-Identifier: Apache-2.0
// Calls of functions that work across series: they get whole vectors and make series of their own.
//
// With delayed name removal a series may carry a name that it will lose in the end. That travels
// through the kernel as a label of its own, which kernels pass on as they pass on any label; one
// that writes a name takes it off.
#include "promql/kernel.hpp"
#include "promql/operators.hpp"

#include <narthex/sdk/guard.hpp>

#include <deque>

namespace narthex::promql {

namespace {

constexpr std::string_view kDropMark = NX_LABEL_DROP_NAME;

// A whole vector as kernels see it.
struct MatrixArgument {
  Held held;
  Column<LabelSet> labels;
  std::unique_ptr<SeriesTable> table;
  nx_matrix matrix{};

  explicit MatrixArgument(Context& context) : held(context) {}
};

class MatrixResult : public nx_matrix_out {
 public:
  MatrixResult(Context& context, std::uint32_t steps) : nx_matrix_out{}, context_(context) {
    struct_size = sizeof(nx_matrix_out);
    impl = this;
    add = &add_series;
    out_.clear(steps);
  }

  // Columns that kernels hold pointers to must not move: each series has its own until here.
  bool take(Batch& batch) {
    for (std::size_t s = 0; s < columns_.size(); ++s) {
      if (context_.stop_after(4 * std::size_t{out_.step_count})) return false;
      std::copy(columns_[s].v.begin(), columns_[s].v.end(),
                out_.v.begin() + static_cast<std::ptrdiff_t>(s * out_.step_count));
      for (std::size_t i = 0; i < out_.step_count; ++i) {
        out_.present[s * out_.step_count + i] |= columns_[s].present[i];
      }
    }
    batch = std::move(out_);
    return true;
  }
  Batch& batch() { return out_; }

 private:
  struct Columns {
    Column<double> v;
    Column<std::uint8_t> present;
  };

  static nx_status NX_CALL add_series(nx_matrix_out* out, const nx_label* labels,
                                      std::uint32_t label_count, double** v, std::uint8_t** present,
                                      std::uint64_t* first_index) {
    MatrixResult& self = *static_cast<MatrixResult*>(out->impl);
    return within_memory(
        self.context_, [&] { return self.add_one(labels, label_count, v, present, first_index); });
  }

  nx_status add_one(const nx_label* labels, std::uint32_t label_count, double** v,
                    std::uint8_t** present, std::uint64_t* first_index) {
    if (!context_.hold(out_.step_count) || context_.stop()) return NX_ERR_EXHAUSTED;
    held_ += out_.step_count;
    std::vector<LabelPair> pairs;
    for (std::uint32_t i = 0; i < label_count; ++i) {
      pairs.push_back({context_.labels.intern(view(labels[i].name)),
                       context_.labels.intern(view(labels[i].value))});
    }
    const std::size_t first = out_.add(context_.labels.add_unsorted(std::move(pairs)));
    Columns& columns = columns_.emplace_back();
    columns.v.resize(out_.step_count, 0.0);
    columns.present.resize(out_.step_count, 0);
    *v = columns.v.data();
    *present = columns.present.data();
    if (first_index != nullptr) *first_index = first;
    return NX_OK;
  }

 public:
  ~MatrixResult() { context_.release(held_); }
  MatrixResult(const MatrixResult&) = delete;
  MatrixResult& operator=(const MatrixResult&) = delete;

 private:
  Context& context_;
  Batch out_;
  std::deque<Columns> columns_;
  std::uint64_t held_ = 0;
};

void mark_dropped_names(Context& context, MatrixArgument& argument) {
  Batch& batch = argument.held.batch;
  argument.labels = batch.labels;
  if (batch.drop_name.empty()) return;
  const LabelPair mark{context.labels.intern(kDropMark), context.labels.intern("1")};
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    if (context.stop_after(kWorkOfLabels)) return;
    if (!batch.drops_name(s)) continue;
    std::vector<LabelPair> pairs(batch.labels[s].begin(), batch.labels[s].end());
    pairs.push_back(mark);
    argument.labels[s] = context.labels.add_unsorted(std::move(pairs));
  }
}

void unmark_dropped_names(Context& context, Batch& batch) {
  const Symbol mark = context.labels.intern(kDropMark);
  for (std::size_t s = 0; s < batch.series_count(); ++s) {
    if (context.stop_after(kWorkOfLabels)) return;
    if (batch.labels[s].get(mark) == LabelStore::kEmpty) continue;
    batch.labels[s] =
        context.labels.filter(batch.labels[s], [mark](Symbol name) { return name != mark; });
    batch.need_drop_names();
    batch.drop_name[s] = 1;
  }
}

bool read_argument(Context& context, Stream& stream, const Column<std::int64_t>& times,
                   bool histograms, MatrixArgument& out) {
  if (!drain(context, stream, out.held)) return false;
  Batch& batch = out.held.batch;
  if (!histograms && !batch.h.empty()) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (context.stop_after(1)) return false;
      if (batch.h[i] != nullptr) batch.set_absent(i);
    }
    batch.h.clear();
  }
  mark_dropped_names(context, out);
  if (context.failed()) return false;
  out.table = std::make_unique<SeriesTable>(context.labels, out.labels);
  out.matrix.struct_size = sizeof out.matrix;
  out.matrix.series_count = static_cast<std::uint32_t>(batch.series_count());
  out.matrix.step_count = static_cast<std::uint32_t>(times.size());
  out.matrix.step_t = times.data();
  out.matrix.v = batch.v.data();
  out.matrix.present = batch.present.data();
  out.matrix.h = batch.h.empty() ? nullptr : batch.h.data();
  out.matrix.labels = out.table->get();
  return true;
}

}  // namespace

bool call_matrix(Context& context, const CallExpr& call, const Grid& grid, CallArguments args,
                 Batch& out) {
  const nx_function& kernel = *call.function->kernel;
  const Column<std::int64_t> times = grid.times();
  const bool histograms = (kernel.flags & NX_FN_HISTOGRAMS) != 0;
  std::deque<MatrixArgument> inputs;
  std::vector<const nx_matrix*> matrices;
  for (StreamPtr& stream : args.vectors) {
    if (stream == nullptr) continue;
    inputs.emplace_back(context);
    if (!read_argument(context, *stream, times, histograms, inputs.back())) return false;
    matrices.push_back(&inputs.back().matrix);
  }
  const std::vector<nx_arg> kernel_args = kernel_arguments(args);
  MatrixResult result(context, grid.count);
  const std::span<const LabelSet> labels =
      inputs.empty() ? std::span<const LabelSet>() : std::span(inputs.front().held.batch.labels);
  KernelCall kernel_call(context, call, labels, &result.batch());
  const bool ok = kernel_call.run([&](void* instance, const nx_fn_ctx* ctx, nx_error* error) {
    return kernel.eval_matrix(instance, ctx, matrices.data(),
                              static_cast<std::uint32_t>(matrices.size()), kernel_args.data(),
                              static_cast<std::uint32_t>(kernel_args.size()), &result, error);
  });
  if (!ok) return false;
  if (!result.take(out)) return false;
  unmark_dropped_names(context, out);
  return !context.failed();
}

}  // namespace narthex::promql
