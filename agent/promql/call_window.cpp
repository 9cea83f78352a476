// SPDX-License-Identifier: Apache-2.0
// Calls of functions over range vectors: one call for a block of series and all steps.
#include "promql/kernel.hpp"
#include "promql/operators.hpp"

#include "promql/quoting.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace narthex::promql {

namespace {

bool looks_like_counter(std::string_view name) {
  constexpr std::array<std::string_view, 4> kEndings = {"_total", "_sum", "_count", "_bucket"};
  for (const std::string_view ending : kEndings) {
    if (name.ends_with(ending)) return true;
  }
  return name.empty();
}

class WindowCall final : public Stream {
 public:
  WindowCall(Context& context, const CallExpr& call, const Grid& grid, CallArguments args)
      : context_(context),
        call_(call),
        kernel_(*call.function->kernel),
        times_(grid.times()),
        args_(std::move(args)),
        kernel_args_(kernel_arguments(args_)) {}

  bool next(Batch& out) override {
    if (context_.stop() || !args_.range->next(block_)) return false;
    if ((kernel_.flags & NX_FN_HISTOGRAMS) == 0) drop_histograms();
    out.clear(block_.in.step_count);
    out.labels = block_.labels;
    out.drop_name = block_.drop_name;
    out.v.assign(block_.in.n, 0.0);
    out.present.resize(block_.in.n);
    mark_windows(out);
    if (!evaluate(out)) return false;
    if ((kernel_.flags & NX_FN_COUNTER) != 0) note_other_than_counters(out);
    return true;
  }

 private:
  void drop_histograms() {
    block_.in.hlo = block_.in.hhi = nullptr;
    block_.in.ht = nullptr;
    block_.in.h = nullptr;
  }

  // A step is there when its window holds a sample.
  void mark_windows(Batch& out) const {
    const nx_window_in& in = block_.in;
    if (in.win_stride == 0 && in.hlo == nullptr) {
      std::uint8_t* first = out.present.data();
      for (std::uint32_t i = 0; i < in.step_count; ++i) first[i] = in.hi[i] > in.lo[i] ? 1 : 0;
      for (std::uint32_t s = 1; s < in.series_count; ++s) {
        std::copy_n(first, in.step_count, first + std::size_t{s} * in.step_count);
      }
      return;
    }
    for (std::uint32_t s = 0; s < in.series_count; ++s) {
      const std::size_t first = std::size_t{s} * in.step_count;
      for (std::uint32_t i = 0; i < in.step_count; ++i) {
        const std::uint64_t w = in.win_stride * s + i;
        const bool any =
            in.hi[w] > in.lo[w] || (in.hlo != nullptr && in.hhi[first + i] > in.hlo[first + i]);
        out.present[first + i] = any ? 1 : 0;
      }
    }
  }

  bool evaluate(Batch& out) {
    block_.in.arg_count = static_cast<std::uint32_t>(kernel_args_.size());
    block_.in.step_t = times_.data();
    nx_window_in in = block_.in;
    in.args = kernel_args_.data();
    std::optional<SeriesTable> table;
    if ((kernel_.flags & NX_FN_LABELS) != 0) {
      if (!table.emplace().fill(context_, block_.labels)) return false;
      in.labels = table->get();
    }
    // A kernel that looks at labels gets all of them, and so the whole block.
    if (table || block_.samples <= kSamplesPerCall) return run_kernel(in, 0, block_.labels, out);
    return evaluate_in_parts(out);
  }

  bool run_kernel(const nx_window_in& in, std::uint64_t first, std::span<const LabelSet> labels,
                  Batch& out) {
    const nx_elem_out result{sizeof(nx_elem_out), 0, out.v.data() + first,
                             out.present.data() + first};
    KernelCall call(context_, call_, labels, &out, first);
    return call.run([&](void* instance, const nx_fn_ctx* ctx, nx_error* error) {
      return kernel_.eval_window(instance, ctx, &in, &result, error);
    });
  }

  // Some series at a time, as long as they have few samples together; one that has many by itself
  // some steps at a time.
  bool evaluate_in_parts(Batch& out) {
    const nx_window_in& in = block_.in;
    const bool alike = in.win_stride == 0 && in.hlo == nullptr;  // windows of all series
    const std::uint64_t each = alike ? samples_of(0, 0, in.step_count) : 0;
    for (std::uint32_t s = 0; s < in.series_count;) {
      std::uint32_t count = 1;
      std::uint64_t samples = alike ? each : samples_of(s, 0, in.step_count);
      const bool many = samples > kSamplesPerCall;
      while (s + count < in.series_count && samples <= kSamplesPerCall) {
        samples += alike ? each : samples_of(s + count, 0, in.step_count);
        if (samples <= kSamplesPerCall) ++count;
      }
      if (context_.stop()) return false;
      if (!(many ? evaluate_by_steps(s, out) : run_part(s, count, 0, in.step_count, out))) {
        return false;
      }
      s += count;
    }
    return true;
  }

  bool evaluate_by_steps(std::uint32_t series, Batch& out) {
    for (std::uint32_t first = 0; first < block_.in.step_count;) {
      std::uint32_t count = 1;
      std::uint64_t samples = samples_of(series, first, 1);
      while (first + count < block_.in.step_count && samples <= kSamplesPerCall) {
        samples += samples_of(series, first + count++, 1);
      }
      if (context_.stop() || !run_part(series, 1, first, count, out)) return false;
      first += count;
    }
    return true;
  }

  std::uint64_t samples_of(std::uint32_t series, std::uint32_t first, std::uint32_t count) const {
    const nx_window_in& in = block_.in;
    std::uint64_t samples = 0;
    for (std::uint32_t i = first; i < first + count; ++i) {
      const std::uint64_t w = in.win_stride * series + i;
      const std::uint64_t h = std::uint64_t{series} * in.step_count + i;
      samples += in.hi[w] - in.lo[w];
      if (in.hlo != nullptr) samples += in.hhi[h] - in.hlo[h];
    }
    return samples;
  }

  // REQUIRES: all steps, or one series.
  bool run_part(std::uint32_t series, std::uint32_t series_count, std::uint32_t step,
                std::uint32_t step_count, Batch& out) {
    nx_window_in part = block_.in;
    const std::uint64_t first = std::uint64_t{series} * part.step_count + step;
    const std::vector<nx_arg> args = arguments_from(kernel_args_, step);
    if (step_count != part.step_count) part.t_id = 0;  // other windows of the same times
    part.series_count = series_count;
    part.step_count = step_count;
    part.n = std::uint64_t{series_count} * step_count;
    part.args = args.data();
    part.lo += part.win_stride * series + step;
    part.hi += part.win_stride * series + step;
    part.off += series;
    part.end_t += step;
    part.step_t += step;
    if (part.col_flags != nullptr) part.col_flags += series;
    if (part.hlo != nullptr) part.hlo += first, part.hhi += first;
    return run_kernel(part, first, std::span(block_.labels).subspan(series, series_count), out);
  }

  void note_other_than_counters(const Batch& out) {
    const LabelStore& labels = context_.labels;
    LabelPair last{LabelStore::kEmpty, LabelStore::kEmpty};  // name and type
    for (std::size_t s = 0; s < out.series_count(); ++s) {
      const LabelPair now{block_.labels[s].get(labels.metric_name()),
                          block_.labels[s].get(labels.type_name())};
      if (now == last) continue;
      const std::string_view name = labels.text(now.name);
      const std::string_view type = labels.text(now.value);
      const bool by_type = context_.options.type_and_unit_labels;
      if ((by_type ? type == "counter" : looks_like_counter(name)) || !has_float(out, s)) continue;
      last = now;
      context_.annotations.info(
          call_.args[0]->position,
          (by_type
               ? "metric might not be a counter, __type__ label is not set to \"counter\", got " +
                     quote(type)
               : std::string("metric might not be a counter, name does not end in "
                             "_total/_sum/_count/_bucket")) +
              ": " + quote(name));
    }
  }
  static bool has_float(const Batch& out, std::size_t series) {
    for (std::size_t i = series * out.step_count; i < (series + 1) * out.step_count; ++i) {
      if (out.present[i] != 0 && out.histogram(i) == nullptr) return true;
    }
    return false;
  }

  Context& context_;
  const CallExpr& call_;
  const nx_function& kernel_;
  const Column<std::int64_t> times_;
  CallArguments args_;
  const std::vector<nx_arg> kernel_args_;
  RangeBlock block_;
};

}  // namespace

StreamPtr call_window(Context& context, const CallExpr& call, const Grid& grid,
                      CallArguments args) {
  return std::make_unique<WindowCall>(context, call, grid, std::move(args));
}

}  // namespace narthex::promql
