// SPDX-License-Identifier: Apache-2.0
#include "promql/batch.hpp"

#include <algorithm>

namespace narthex::promql {

void append_series(Batch& to, const Batch& from, std::size_t series) {
  if (!from.h.empty()) to.need_histograms();
  if (!from.drop_name.empty()) to.need_drop_names();
  const std::size_t steps = from.step_count;
  to.labels.push_back(from.labels[series]);
  const auto copy = [&](auto& column, const auto& source) {
    const auto first = source.begin() + static_cast<std::ptrdiff_t>(series * steps);
    column.insert(column.end(), first, first + static_cast<std::ptrdiff_t>(steps));
  };
  copy(to.v, from.v);
  copy(to.present, from.present);
  if (!to.h.empty() || !from.h.empty()) {
    if (from.h.empty()) {
      to.h.resize(to.v.size(), nullptr);
    } else {
      to.h.resize(to.v.size() - steps, nullptr);
      copy(to.h, from.h);
    }
  }
  if (!to.drop_name.empty() || !from.drop_name.empty()) {
    to.drop_name.resize(to.labels.size() - 1, 0);
    to.drop_name.push_back(from.drops_name(series) ? 1 : 0);
  }
}

}  // namespace narthex::promql
