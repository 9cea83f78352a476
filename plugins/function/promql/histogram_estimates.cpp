// SPDX-License-Identifier: Apache-2.0
// Estimates from histograms, classic and native: histogram_quantile, histogram_quantiles,
// histogram_fraction.
#include "plugins/function/promql/buckets.hpp"
#include "plugins/function/promql/classic_buckets.hpp"
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/pace.hpp"
#include "plugins/function/promql/series_table.hpp"
#include "plugins/function/promql/shown.hpp"

#include <narthex/sdk/quote.hpp>
#include <narthex/sdk/function.hpp>

#include <optional>
#include <string>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;
using Inputs = std::span<const nx_matrix* const>;

constexpr std::string_view kForced =
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for "
    "metric name";

std::string_view text_of(NanNote note) {
  switch (note) {
    case NanNote::kResult:
      return "input to histogram_quantile has NaN observations, result is NaN for metric name";
    case NanNote::kSkewed:
      return "input to histogram_quantile has NaN observations, result is skewed higher for "
             "metric name";
    default:
      return "input to histogram_fraction has NaN observations, which are excluded from all "
             "fractions for metric name";
  }
}

// The histograms of a vector, step by step, and how an estimate becomes a result.
class Histograms {
 public:
  Histograms(const FunctionContext& context, const nx_matrix& m, std::uint32_t vector_arg)
      : context_(context), m_(m), arg_(vector_arg), vector_(group_histograms(context, m)) {
    warn_of_bounds();
  }

  // A series a histogram: native(step, histogram, buckets) -> Estimate and
  // classic(step, buckets) -> ClassicQuantile. `extra`: a label more.
  template <class Native, class Classic>
  void estimate(std::optional<nx_label> extra, std::uint32_t note_arg, Native&& native,
                Classic&& classic, nx_matrix_out& out) {
    Pace pace(context_);
    for (const HistogramSeries& series : vector_.all) {
      pace.after(64 + (16 + series.members.size()) * m_.step_count);
      const sdk::ResultColumns to = sdk::add_series(out, labels(series, extra));
      for (std::uint32_t step = 0; step < m_.step_count; ++step) {
        const nx_histogram* h = histogram(series, step);
        gather(series, step);
        if (h != nullptr && !classic_.empty()) {
          context_.warn(arg_, series.native,
                        "vector contains a mix of classic and native histograms for metric name");
          continue;
        }
        if (h != nullptr) {
          read_buckets(*h, buckets_);
          const Estimate found = native(step, *h, buckets_);
          if (found.note != NanNote::kNone) {
            context_.info(note_arg, series.native, text_of(found.note));
          }
          to.v[step] = found.value;
        } else if (!classic_.empty()) {
          const ClassicQuantile found = classic(step, std::span(classic_));
          if (found.forced_monotonic) context_.info(arg_, series.first, kForced);
          to.v[step] = found.value;
        } else {
          continue;
        }
        to.present[step] = 1;
      }
    }
  }

 private:
  void warn_of_bounds() const {
    Pace pace(context_);
    for (const std::uint32_t s : vector_.without_bound) {
      pace.after(256);
      context_.warn(arg_, s,
                    "bucket label \"le\" is missing or has a malformed value of " +
                        sdk::quote(label_of(*m_.labels, s, "le")) + " for metric name");
    }
  }

  std::vector<nx_label> labels(const HistogramSeries& series,
                               const std::optional<nx_label>& extra) const {
    std::vector<nx_label> all = labels_of(*m_.labels, series.first);
    if (series.strip_le) {
      std::erase_if(all, [](const nx_label& label) { return view(label.name) == "le"; });
    }
    if (extra) all.push_back(*extra);
    return all;
  }

  const nx_histogram* histogram(const HistogramSeries& series, std::uint32_t step) const {
    if (series.native == NX_NONE || m_.h == nullptr) return nullptr;
    return m_.h[std::uint64_t{series.native} * m_.step_count + step];
  }

  void gather(const HistogramSeries& series, std::uint32_t step) {
    classic_.clear();
    for (const HistogramSeries::Member& member : series.members) {
      const std::uint64_t i = std::uint64_t{member.series} * m_.step_count + step;
      if (m_.present[i] == 0 || (m_.h != nullptr && m_.h[i] != nullptr)) continue;
      classic_.push_back({member.upper, m_.v[i]});
    }
  }

  const FunctionContext& context_;
  const nx_matrix& m_;
  const std::uint32_t arg_;
  const HistogramVector vector_;
  std::vector<Bucket> buckets_;
  std::vector<ClassicBucket> classic_;
};

// Warned about at every step, whether there is a histogram or not.
void check_quantile(const FunctionContext& context, const FunctionArgs& args, std::uint32_t arg,
                    std::uint32_t steps) {
  for (std::uint32_t step = 0; step < steps; ++step) {
    const double q = args.at(arg, step);
    if (q >= 0 && q <= 1) continue;
    context.warn(arg, NX_NONE, "quantile value should be between 0 and 1, got " + shown(q));
  }
}

void quantiles_at(Histograms& histograms, const FunctionArgs& args, std::uint32_t arg,
                  std::optional<nx_label> extra, nx_matrix_out& out) {
  histograms.estimate(
      extra, 0,
      [&](std::uint32_t step, const nx_histogram& h, const std::vector<Bucket>& buckets) {
        return native_quantile(args.at(arg, step), h, buckets);
      },
      [&](std::uint32_t step, std::span<ClassicBucket> buckets) {
        return classic_quantile(args.at(arg, step), buckets);
      },
      out);
}

void quantile(const FunctionContext& context, Inputs in, const FunctionArgs& args,
              nx_matrix_out& out) {
  check_quantile(context, args, 0, in[0]->step_count);
  Histograms histograms(context, *in[0], 1);
  quantiles_at(histograms, args, 0, std::nullopt, out);
}

// histogram_quantiles(v, label, q...): a series a quantile, which the label names.
void quantiles(const FunctionContext& context, Inputs in, const FunctionArgs& args,
               nx_matrix_out& out) {
  for (std::uint32_t arg = 2; arg < args.size(); ++arg) {
    check_quantile(context, args, arg, in[0]->step_count);
  }
  Histograms histograms(context, *in[0], 0);
  for (std::uint32_t arg = 2; arg < args.size(); ++arg) {
    const std::string q = open_metrics_number(args.at(arg, 0));
    quantiles_at(histograms, args, arg, nx_label{to_nx(args.text(1)), to_nx(q)}, out);
  }
}

void fraction(const FunctionContext& context, Inputs in, const FunctionArgs& args,
              nx_matrix_out& out) {
  Histograms histograms(context, *in[0], 2);
  histograms.estimate(
      std::nullopt, 0,
      [&](std::uint32_t step, const nx_histogram& h, const std::vector<Bucket>& buckets) {
        return native_fraction(args.at(0, step), args.at(1, step), h, buckets);
      },
      [&](std::uint32_t step, std::span<ClassicBucket> buckets) {
        return ClassicQuantile{classic_fraction(args.at(0, step), args.at(1, step), buckets),
                               false};
      },
      out);
}

constexpr std::uint32_t kQuantile[] = {NX_ARG_SCALAR, NX_ARG_VECTOR};
constexpr std::uint32_t kFraction[] = {NX_ARG_SCALAR, NX_ARG_SCALAR, NX_ARG_VECTOR};
constexpr std::uint32_t kQuantiles[] = {NX_ARG_VECTOR, NX_ARG_STRING, NX_ARG_SCALAR};

const nx_function kRows[] = {
    sdk::matrix<quantile>("histogram_quantile", "Quantile of a histogram, classic or native.",
                          {kQuantile, 2, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS}),
    sdk::matrix<quantiles>(
        "histogram_quantiles", "Many quantiles at once, named by a label.",
        {kQuantiles, 3, true, NX_ARG_VECTOR, NX_FN_HISTOGRAMS | NX_FN_EXPERIMENTAL}),
    sdk::matrix<fraction>("histogram_fraction", "Part of the observations between two values.",
                          {kFraction, 3, false, NX_ARG_VECTOR, NX_FN_HISTOGRAMS}),
};

}  // namespace

std::span<const nx_function> histogram_estimate_functions() { return kRows; }

}  // namespace narthex::function_promql
