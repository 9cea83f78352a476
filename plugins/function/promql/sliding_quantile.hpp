// SPDX-License-Identifier: Apache-2.0
// sliding_quantile.hpp - quantiles of windows that move over the values of a series, step by step:
// what stays in the window stays in order, so that a step costs what it brings and not the window.
// The results are those of quantile_of(). One thread.
#pragma once

#include "plugins/function/promql/quantile.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace narthex::function_promql {

class SlidingQuantile {
 public:
  // Of a window that is not empty. The values of the one before are still there when both are of
  // one array.
  double of(double q, std::span<const double> window) {
    const std::span<const double> before = std::exchange(window_, window);
    if (!moves_little(before, window)) {
      is_ordered_ = false;
      order_.assign(window.begin(), window.end());
      return quantile_of(q, order_);
    }
    if (is_ordered_) {
      move(before, window);
    } else {
      order_.assign(window.begin(), window.end());
      std::sort(order_.begin(), order_.end(), value_less);
      is_ordered_ = true;
    }
    return quantile_in_order(q, order_);
  }

 private:
  // A change moves a third of the window, to look for a quantile anew takes some ten passes: where
  // no more changes than this, and no more than a part, changing is the quicker way.
  static constexpr std::size_t kChangesMax = 32;
  static constexpr std::size_t kPart = 4;

  static bool moves_little(std::span<const double> before, std::span<const double> now) {
    const double* const first = before.data();
    const double* const last = first + before.size();
    if (before.empty() || std::less<>()(now.data(), first) || std::less<>()(last, now.data()) ||
        std::less<>()(now.data() + now.size(), last)) {
      return false;
    }
    const std::size_t gone = static_cast<std::size_t>(now.data() - first);
    const std::size_t come = now.size() + gone - before.size();
    const std::size_t changes = gone + come;
    return changes <= 2 || (changes <= kChangesMax && changes * kPart <= now.size());
  }

  void move(std::span<const double> before, std::span<const double> now) {
    const auto gone_count = static_cast<std::size_t>(now.data() - before.data());
    const std::span<const double> gone = before.first(gone_count);
    const std::span<const double> come = now.last(now.size() + gone_count - before.size());
    const std::size_t both = std::min(gone.size(), come.size());
    for (std::size_t i = 0; i < both; ++i) replace(gone[i], come[i]);
    for (const double v : gone.subspan(both)) order_.erase(order_.begin() + place_of(v));
    for (const double v : come.subspan(both)) {
      order_.insert(std::lower_bound(order_.begin(), order_.end(), v, value_less), v);
    }
  }

  // The very value: equal ones may differ in their bits, as 0 and -0 do.
  std::ptrdiff_t place_of(double v) const {
    const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
    auto at = std::lower_bound(order_.begin(), order_.end(), v, value_less);
    while (bits(*at) != bits(v)) ++at;
    return at - order_.begin();
  }

  // Moves only what lies between the places of both.
  void replace(double gone, double come) {
    const auto from = order_.begin() + place_of(gone);
    auto to = std::lower_bound(order_.begin(), order_.end(), come, value_less);
    if (to > from) {
      std::move(from + 1, to, from);
      --to;
    } else {
      std::move_backward(to, from, from + 1);
    }
    *to = come;
  }

  std::span<const double> window_;
  std::vector<double> order_;
  bool is_ordered_ = false;
};

}  // namespace narthex::function_promql
