// SPDX-License-Identifier: Apache-2.0
// Calls of functions that work across series: they get whole vectors and make series of their own.
//
// With delayed name removal a series may carry a name that it will lose in the end. That travels
// through the kernel as a label of its own, which kernels pass on as they pass on any label; one
// that writes a name takes it off.
#include "promql/kernel.hpp"
#include "promql/operators.hpp"

#include <narthex/sdk/guard.hpp>

#include <algorithm>
#include <deque>

namespace narthex::promql {

namespace {

constexpr std::string_view kDropMark = NX_LABEL_DROP_NAME;

// A whole vector as kernels see it.
struct MatrixArgument {
  Held held;
  Column<LabelSet> labels;
  SeriesTable table;
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

  // Columns that kernels hold pointers to must not move: rows are in blocks of their own until
  // here, which go one by one as they are copied. Until then present only says where a histogram
  // is, if there is any: a large column does not grow with every series.
  bool take(Batch& batch) {
    const Column<std::uint8_t> of_histograms = std::move(out_.present);
    out_.present = {};
    out_.present.reserve(out_.size());
    out_.v.reserve(out_.size());
    for (; !rows_.empty(); rows_.pop_front()) {
      const Rows& rows = rows_.front();
      for (std::size_t i = 0; i < rows.used; ++i) {
        if (context_.stop_after(2)) return false;
        const std::size_t at = out_.v.size();
        const std::uint8_t histogram = of_histograms.empty() ? 0 : of_histograms[at];
        out_.v.push_back(rows.v[i]);
        out_.present.push_back(rows.present[i] | histogram);
      }
    }
    batch = std::move(out_);
    return true;
  }
  Batch& batch() { return out_; }

 private:
  struct Rows {
    explicit Rows(std::size_t size) : v(size, 0.0), present(size, 0) {}

    Column<double> v;
    Column<std::uint8_t> present;
    std::size_t used = 0;
  };

  // Few series need little, many get their room at once.
  Rows& room_for_row() {
    const std::size_t steps = out_.step_count;
    if (rows_.empty() || rows_.back().used == rows_.back().v.size()) {
      next_rows_ = std::min(series_per_batch(out_.step_count), 4 * next_rows_);
      rows_.emplace_back(next_rows_ * steps);
    }
    return rows_.back();
  }

  static nx_status NX_CALL add_series(nx_matrix_out* out, const nx_label* labels,
                                      std::uint32_t label_count, double** v, std::uint8_t** present,
                                      std::uint64_t* first_index) {
    MatrixResult& self = *static_cast<MatrixResult*>(out->impl);
    return within_memory(
        self.context_, [&] { return self.add_one(labels, label_count, v, present, first_index); });
  }

  nx_status add_one(const nx_label* labels, std::uint32_t label_count, double** v,
                    std::uint8_t** present, std::uint64_t* first_index) {
    const bool ends = context_.stop_after(kWorkOfLabels + std::size_t{out_.step_count});
    if (!context_.hold(out_.step_count) || ends) return NX_ERR_EXHAUSTED;
    held_ += out_.step_count;
    std::vector<LabelPair> pairs;
    for (std::uint32_t i = 0; i < label_count; ++i) {
      pairs.push_back({context_.labels.intern(view(labels[i].name)),
                       context_.labels.intern(view(labels[i].value))});
    }
    const std::size_t first = out_.size();
    out_.labels.push_back(context_.labels.add_unsorted(std::move(pairs)));
    if (!out_.h.empty()) {
      out_.h.resize(out_.size(), nullptr);
      out_.present.resize(out_.size(), 0);
    }
    Rows& rows = room_for_row();
    *v = rows.v.data() + rows.used;
    *present = rows.present.data() + rows.used;
    rows.used += out_.step_count;
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
  std::deque<Rows> rows_;
  std::size_t next_rows_ = 1;
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
  if (!out.table.fill(context, out.labels)) return false;
  out.matrix.struct_size = sizeof out.matrix;
  out.matrix.series_count = static_cast<std::uint32_t>(batch.series_count());
  out.matrix.step_count = static_cast<std::uint32_t>(times.size());
  out.matrix.step_t = times.data();
  out.matrix.v = batch.v.data();
  out.matrix.present = batch.present.data();
  out.matrix.h = batch.h.empty() ? nullptr : batch.h.data();
  out.matrix.labels = out.table.get();
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
