// SPDX-License-Identifier: Apache-2.0
// Between scalars and vectors, and the order of vectors.
#include "plugins/function/promql/families.hpp"
#include "plugins/function/promql/pace.hpp"
#include "plugins/function/promql/series_table.hpp"

#include <narthex/sdk/function.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

namespace narthex::function_promql {

namespace {

using sdk::FunctionArgs;
using sdk::FunctionContext;

using Inputs = std::span<const nx_matrix* const>;

void vector(const FunctionContext&, const nx_elem_in& in, const nx_elem_out& out) {
  const FunctionArgs args(in.args, in.arg_count);
  for (std::uint32_t i = 0; i < in.step_count; ++i) out.v[i] = args.at(0, i);
}

// The value of the only element of a vector, NaN when there is none or more than one.
void scalar(const FunctionContext& context, Inputs in, const FunctionArgs&, nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  const sdk::ResultColumns result = sdk::add_series(out, {});
  Pace pace(context);
  for (std::uint32_t step = 0; step < m.step_count; ++step) {
    pace.after(1 + m.series_count);
    std::uint32_t found = 0;
    double value = std::numeric_limits<double>::quiet_NaN();
    for (std::uint32_t s = 0; s < m.series_count; ++s) {
      const std::uint64_t i = std::uint64_t{s} * m.step_count + step;
      if (m.present[i] == 0 || (m.h != nullptr && m.h[i] != nullptr)) continue;
      ++found;
      value = m.v[i];
    }
    result.present[step] = 1;
    result.v[step] = found == 1 ? value : std::numeric_limits<double>::quiet_NaN();
  }
}

void copy_series(const FunctionContext& context, const nx_matrix& m, std::uint32_t series,
                 nx_matrix_out& out) {
  const sdk::ResultColumns to = sdk::add_series(out, labels_of(*m.labels, series));
  const std::uint64_t from = std::uint64_t{series} * m.step_count;
  std::memcpy(to.v, m.v + from, m.step_count * sizeof(double));
  std::memcpy(to.present, m.present + from, m.step_count);
  for (std::uint32_t i = 0; m.h != nullptr && i < m.step_count; ++i) {
    if (m.h[from + i] != nullptr) context.put(to.first_index + i, *m.h[from + i]);
  }
}

void copy_in_order(const FunctionContext& context, const nx_matrix& m,
                   const std::vector<std::uint32_t>& order, nx_matrix_out& out) {
  for (const std::uint32_t series : order) copy_series(context, m, series, out);
}

std::vector<std::uint32_t> all_series(const nx_matrix& m) {
  std::vector<std::uint32_t> order(m.series_count);
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

// Order means something at a single step only; NaN goes last either way.
template <bool Ascending>
void sort(const FunctionContext& context, Inputs in, const FunctionArgs&, nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  std::vector<std::uint32_t> order = all_series(m);
  if (m.step_count == 1) {
    Pace pace(context);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      pace.after(4);
      if (std::isnan(m.v[a])) return false;
      return std::isnan(m.v[b]) || (Ascending ? m.v[a] < m.v[b] : m.v[a] > m.v[b]);
    });
  }
  copy_in_order(context, m, order, out);
}

// ---- natural order: runs of digits compare as numbers ----

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_run(std::string_view& text) {
  std::size_t size = 1;
  while (size < text.size() && is_digit(text[size]) == is_digit(text[0])) ++size;
  const std::string_view run = text.substr(0, size);
  text.remove_prefix(size);
  return run;
}

bool to_number(std::string_view run, std::int64_t& out) {
  const auto [end, error] = std::from_chars(run.data(), run.data() + run.size(), out);
  return error == std::errc() && end == run.data() + run.size();
}

// REQUIRES: a != b.
bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty()) {
    if (b.empty()) return false;
    const std::string_view x = take_run(a);
    const std::string_view y = take_run(b);
    std::int64_t m = 0;
    std::int64_t n = 0;
    const bool numbers = to_number(x, m) && to_number(y, n);
    if (numbers ? m != n : x != y) return numbers ? m < n : x < y;
    if (a.empty()) return true;
  }
  return !b.empty();
}

template <bool Ascending>
void sort_by_label(const FunctionContext& context, Inputs in, const FunctionArgs& args,
                   nx_matrix_out& out) {
  const nx_matrix& m = *in[0];
  std::vector<std::uint32_t> order = all_series(m);
  Pace pace(context);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    pace.after(64);
    if (!Ascending) std::swap(a, b);
    for (std::uint32_t arg = 1; arg < args.size(); ++arg) {
      const std::string_view x = label_of(*m.labels, a, args.text(arg));
      const std::string_view y = label_of(*m.labels, b, args.text(arg));
      if (x != y) return natural_less(x, y);
    }
    return compare_labels(*m.labels, a, b) < 0;
  });
  copy_in_order(context, m, order, out);
}

constexpr std::uint32_t kScalar[] = {NX_ARG_SCALAR};
constexpr std::uint32_t kVector[] = {NX_ARG_VECTOR};
constexpr std::uint32_t kVectorTexts[] = {NX_ARG_VECTOR, NX_ARG_STRING};
constexpr sdk::FunctionShape kByLabel = {kVectorTexts, 1, true, NX_ARG_VECTOR,
                                         NX_FN_EXPERIMENTAL | NX_FN_HISTOGRAMS | NX_FN_KEEP_NAME};
constexpr sdk::FunctionShape kSort = {kVector, 1, false, NX_ARG_VECTOR, NX_FN_KEEP_NAME};

const nx_function kRows[] = {
    sdk::scalars<vector>("vector", "A scalar as a vector without labels.", {kScalar, 1}),
    sdk::matrix<scalar>("scalar", "The only element of a vector, or NaN.",
                        {kVector, 1, false, NX_ARG_SCALAR, NX_FN_HISTOGRAMS}),
    sdk::matrix<sort<true>>("sort", "By value, smallest first.", kSort),
    sdk::matrix<sort<false>>("sort_desc", "By value, largest first.", kSort),
    sdk::matrix<sort_by_label<true>>("sort_by_label", "By labels in natural order.", kByLabel),
    sdk::matrix<sort_by_label<false>>("sort_by_label_desc", "By labels, reversed.", kByLabel),
};

}  // namespace

std::span<const nx_function> vector_functions() { return kRows; }

}  // namespace narthex::function_promql
