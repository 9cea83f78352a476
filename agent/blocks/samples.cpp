// SPDX-License-Identifier: Apache-2.0
#include "blocks/samples.hpp"

#include <algorithm>
#include <numeric>

namespace narthex::blocks {

void Samples::settle() {
  if (std::adjacent_find(t_.begin(), t_.end(), std::greater_equal<>()) == t_.end()) return;
  std::vector<std::uint32_t> order(t_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return t_[a] < t_[b]; });
  std::vector<std::int64_t> t;
  std::vector<double> v;
  std::vector<std::uint32_t> h;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && t_[order[i + 1]] == t_[order[i]]) continue;
    t.push_back(t_[order[i]]);
    v.push_back(v_[order[i]]);
    if (!h_.empty()) h.push_back(h_[order[i]]);
  }
  t_ = std::move(t);
  v_ = std::move(v);
  h_ = std::move(h);
}

}  // namespace narthex::blocks
