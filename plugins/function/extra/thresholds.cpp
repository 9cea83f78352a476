// SPDX-License-Identifier: Apache-2.0
// Values of a window on one side of a threshold: how many, their sum, their share.
#include "plugins/function/extra/families.hpp"
#include "plugins/function/extra/rows.hpp"

#include <functional>

namespace narthex::function_extra {

namespace {

// REQUIRES: the threshold is argument 1.
template <class Compare>
double count(const Window& w, const FunctionArgs& args) {
  const double threshold = args.at(1, w.step);
  double found = 0;
  for (const double v : w.values) found += Compare()(v, threshold) ? 1 : 0;
  return found;
}

template <class Compare>
Value counted(const Window& w, const FunctionArgs& args) {
  return count<Compare>(w, args);
}

template <class Compare>
Value share(const Window& w, const FunctionArgs& args) {
  return count<Compare>(w, args) / static_cast<double>(w.size());
}

template <class Compare>
Value sum(const Window& w, const FunctionArgs& args) {
  const double threshold = args.at(1, w.step);
  double total = 0;
  for (const double v : w.values) total += Compare()(v, threshold) ? v : 0;
  return total;
}

using Le = std::less_equal<double>;
using Gt = std::greater<double>;
using Eq = std::equal_to<double>;
using Ne = std::not_equal_to<double>;

const nx_function kRows[] = {
    of_window_and_scalar<counted<Le>>("count_le_over_time", "How many values are at most that."),
    of_window_and_scalar<counted<Gt>>("count_gt_over_time", "How many values are above that."),
    of_window_and_scalar<counted<Eq>>("count_eq_over_time", "How many values equal that."),
    of_window_and_scalar<counted<Ne>>("count_ne_over_time", "How many values differ from that."),
    of_window_and_scalar<share<Le>>("share_le_over_time", "Part of the values at most that."),
    of_window_and_scalar<share<Gt>>("share_gt_over_time", "Part of the values above that."),
    of_window_and_scalar<share<Eq>>("share_eq_over_time", "Part of the values equal to that."),
    of_window_and_scalar<sum<Le>>("sum_le_over_time", "Sum of the values at most that."),
    of_window_and_scalar<sum<Gt>>("sum_gt_over_time", "Sum of the values above that."),
    of_window_and_scalar<sum<Eq>>("sum_eq_over_time", "Sum of the values equal to that."),
};

}  // namespace

std::span<const nx_function> threshold_functions() { return kRows; }

}  // namespace narthex::function_extra
