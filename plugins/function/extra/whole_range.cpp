// SPDX-License-Identifier: Apache-2.0
// Functions of a series' values at all steps of the query: of an instant query there is one.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/order.hpp"
#include "plugins/function/extra/rows.hpp"

#include <algorithm>
#include <vector>

namespace narthex::function_extra {

namespace {

using sdk::FunctionContext;

// One series: values and presence at the steps, and where results go.
struct Line {
  std::span<const double> v;
  std::span<const std::uint8_t> present;
  std::span<const std::int64_t> t_ms;
  double* out;
  std::uint8_t* out_present;
  const FunctionArgs& args;

  std::vector<double> values() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (present[i] != 0) all.push_back(v[i]);
    }
    return all;
  }
  // f(value) at every step that has one.
  template <class F>
  void map(F f) const {
    for (std::size_t i = 0; i < v.size(); ++i) out[i] = present[i] != 0 ? f(v[i]) : 0;
  }
  void put(std::size_t step, double value) const {
    out[step] = value;
    out_present[step] = 1;
  }
};

// F(line) for each series of a block that has a value.
template <auto F>
void lines(const FunctionContext& context, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  const std::size_t steps = in.step_count;
  for (std::uint32_t s = 0; s < in.series_count; ++s) {
    if (s % 64 == 0) context.check();
    const std::size_t first = std::size_t{s} * steps;
    const std::span<const std::uint8_t> present(in.present + first, steps);
    if (std::find(present.begin(), present.end(), 1) == present.end()) continue;
    F(Line{{in.v + first, steps},
           present,
           {in.step_t, steps},
           out.v + first,
           out.present + first,
           args});
  }
}

constexpr std::uint32_t kVector[] = {NX_ARG_VECTOR};
constexpr std::uint32_t kVectorAndScalar[] = {NX_ARG_VECTOR, NX_ARG_SCALAR};

template <auto F>
constexpr nx_function of_line(std::string_view name, std::string_view doc) {
  return sdk::elements<lines<F>>(name, doc, {kVector, 1});
}
template <auto F>
constexpr nx_function of_line_and_scalar(std::string_view name, std::string_view doc) {
  return sdk::elements<lines<F>>(name, doc, {kVectorAndScalar, 2});
}

// ---- one number for the whole range ----

template <auto F>
void fill(const Line& line) {
  const double value = F(line.values());
  line.map([value](double) { return value; });
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum;
}
double mean_of(const std::vector<double>& values) {
  return sum_of(values) / static_cast<double>(values.size());
}
double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}
double lowest_of(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}
double highest_of(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}
double first_of(const std::vector<double>& values) { return values.front(); }
double last_of(const std::vector<double>& values) { return values.back(); }
double median_of(const std::vector<double>& values) {
  return quantile_in_order(in_order(values), 0.5);
}

// ---- values against the whole range ----

void normalize(const Line& line) {
  const std::vector<double> values = line.values();
  const double low = lowest_of(values);
  const double high = highest_of(values);
  line.map([&](double v) { return high == low ? 0 : (v - low) / (high - low); });
}

void zscore(const Line& line) {
  const std::vector<double> values = line.values();
  const double mean = mean_of(values);
  const double deviation = deviation_of(values);
  line.map([&](double v) { return deviation == 0 ? 0 : (v - mean) / deviation; });
}

// ---- from the first step on ----

// F(so far, value); the first value stands for itself.
template <auto F>
void running(const Line& line) {
  bool any = false;
  double so_far = 0;
  line.map([&](double v) {
    so_far = any ? F(so_far, v) : v;
    any = true;
    return so_far;
  });
}

double plus(double a, double b) { return a + b; }
double lower(double a, double b) { return b < a ? b : a; }
double higher(double a, double b) { return b > a ? b : a; }

void running_mean(const Line& line) {
  double sum = 0;
  double count = 0;
  line.map([&](double v) {
    sum += v;
    return sum / ++count;
  });
}

// The weight of the newest value is the argument, from 0 to 1; the rest is what was before.
void smooth(const Line& line) {
  bool any = false;
  double so_far = 0;
  for (std::size_t i = 0; i < line.v.size(); ++i) {
    if (line.present[i] == 0) continue;
    const double weight = std::clamp(line.args.at(1, static_cast<std::uint32_t>(i)), 0.0, 1.0);
    so_far = any ? weight * line.v[i] + (1 - weight) * so_far : line.v[i];
    any = true;
    line.out[i] = so_far;
  }
}

// Each fall lifts all that follows by what was lost.
void without_resets(const Line& line) {
  bool any = false;
  double lost = 0;
  double before = 0;
  line.map([&](double v) {
    if (any && v < before) lost += before;
    any = true;
    before = v;
    return v + lost;
  });
}

// ---- gaps ----

void keep_last(const Line& line) {
  std::size_t last = line.v.size();
  for (std::size_t i = 0; i < line.v.size(); ++i) {
    if (line.present[i] != 0) last = i;
    if (last < line.v.size()) line.put(i, line.v[last]);
  }
}

void keep_next(const Line& line) {
  std::size_t next = line.v.size();
  for (std::size_t i = line.v.size(); i-- > 0;) {
    if (line.present[i] != 0) next = i;
    if (next < line.v.size()) line.put(i, line.v[next]);
  }
}

// Lines across gaps; nothing before the first value and behind the last.
void interpolate(const Line& line) {
  std::size_t before = line.v.size();
  for (std::size_t i = 0; i < line.v.size(); ++i) {
    if (line.present[i] == 0) continue;
    line.put(i, line.v[i]);
    for (std::size_t gap = before + 1; before < i && gap < i; ++gap) {
      const double part = static_cast<double>(line.t_ms[gap] - line.t_ms[before]) /
                          static_cast<double>(line.t_ms[i] - line.t_ms[before]);
      line.put(gap, line.v[before] + (line.v[i] - line.v[before]) * part);
    }
    before = i;
  }
}

const nx_function kRows[] = {
    of_line<fill<sum_of>>("range_sum", "Sum over all steps, at each of them."),
    of_line<fill<mean_of>>("range_avg", "Mean over all steps."),
    of_line<fill<deviation_of>>("range_stddev", "Standard deviation over all steps."),
    of_line<fill<lowest_of>>("range_min", "Smallest value of all steps."),
    of_line<fill<highest_of>>("range_max", "Largest value of all steps."),
    of_line<fill<first_of>>("range_first", "The first value of all steps."),
    of_line<fill<last_of>>("range_last", "The last value of all steps."),
    of_line<fill<median_of>>("range_median", "Median over all steps."),
    of_line<normalize>("range_normalize", "Scaled so that all steps lie between 0 and 1."),
    of_line<zscore>("range_zscore", "Standard deviations off the mean of all steps."),
    of_line<running<plus>>("running_sum", "Sum of the steps so far."),
    of_line<running_mean>("running_avg", "Mean of the steps so far."),
    of_line<running<lower>>("running_min", "Smallest value of the steps so far."),
    of_line<running<higher>>("running_max", "Largest value of the steps so far."),
    of_line_and_scalar<smooth>("smooth_exponential", "Exponential smoothing over the steps."),
    of_line<without_resets>("remove_resets", "A counter as if it had never begun again."),
    of_line<keep_last>("keep_last_value", "Gaps filled with the last value before them."),
    of_line<keep_next>("keep_next_value", "Gaps filled with the first value behind them."),
    of_line<interpolate>("interpolate", "Gaps filled with straight lines."),
};

}  // namespace

std::span<const nx_function> whole_range_functions() { return kRows; }

}  // namespace narthex::function_extra
