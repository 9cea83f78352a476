// SPDX-License-Identifier: Apache-2.0
#include "promql/signatures.hpp"

#include <string_view>

namespace narthex::promql {

namespace {

// One row a shape: parameters as letters (s scalar, t text, v instant vector, r range vector); what
// stands behind '?' is optional, '*' lets the last one repeat; behind '>' the result.
struct Row {
  std::string_view shape;
  std::string_view names;
  bool experimental = false;
};

constexpr Row kRows[] = {
    {"v>v",
     "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg "
     "histogram_count histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin "
     "sinh sort sort_desc sqrt tan tanh timestamp"},
    {"?v>v", "day_of_month day_of_week day_of_year days_in_month hour minute month year"},
    {"r>v",
     "absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate "
     "last_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time "
     "stdvar_over_time sum_over_time"},
    {"r>v", "mad_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time", true},
    {"vss>v", "clamp"},
    {"vs>v", "clamp_max clamp_min"},
    {"v?s>v", "round"},
    {"rs>v", "predict_linear"},
    {"sr>v", "quantile_over_time"},
    {"rss>v", "double_exponential_smoothing", true},
    {"ssv>v", "histogram_fraction"},
    {"sv>v", "histogram_quantile"},
    {"v?v>v", "info", true},
    {"vtt?t*>v", "label_join"},
    {"vtttt>v", "label_replace"},
    {"v?t*>v", "sort_by_label sort_by_label_desc", true},
    {"v>s", "scalar"},
    {"s>v", "vector"},
    {">s", "pi time"},
    {">s", "end range start step", true},
    {"ss>s", "max_of min_of", true},
};

ValueType type_of(char letter) {
  switch (letter) {
    case 's':
      return ValueType::kScalar;
    case 't':
      return ValueType::kString;
    case 'v':
      return ValueType::kVector;
    default:
      return ValueType::kMatrix;
  }
}

FunctionSignature read_shape(std::string_view shape) {
  FunctionSignature out;
  bool optional = false;
  for (; shape.front() != '>'; shape.remove_prefix(1)) {
    if (shape.front() == '?') {
      optional = true;
    } else if (shape.front() == '*') {
      out.repeats = true;
    } else {
      out.params.push_back(type_of(shape.front()));
      if (!optional) ++out.required;
    }
  }
  out.returns = type_of(shape[1]);
  return out;
}

}  // namespace

std::vector<FunctionSignature> known_signatures() {
  std::vector<FunctionSignature> all;
  for (const Row& row : kRows) {
    for (std::string_view names = row.names; !names.empty();) {
      const std::size_t end = names.find(' ');
      FunctionSignature signature = read_shape(row.shape);
      signature.name = std::string(names.substr(0, end));
      signature.experimental = row.experimental;
      all.push_back(std::move(signature));
      names.remove_prefix(end == names.npos ? names.size() : end + 1);
    }
  }
  return all;
}

}  // namespace narthex::promql
