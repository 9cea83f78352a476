// SPDX-License-Identifier: Apache-2.0
#include "storage/partition/series_samples.hpp"

#include <algorithm>

namespace narthex::storage::partition {
namespace {

std::string_view value_of(Labels labels, std::string_view name) {
  const auto at = std::ranges::lower_bound(labels, name, {}, &Label::name);
  return at != labels.end() && at->name == name ? at->value : std::string_view();
}

int order_of_labels(Labels a, Labels b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const int order = a[i].name.compare(b[i].name)) return order;
    if (const int order = a[i].value.compare(b[i].value)) return order;
  }
  return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

}  // namespace

int placement_order(Labels a, Labels b) {
  for (const std::string_view name : {"job", "instance"}) {
    if (const int order = value_of(a, name).compare(value_of(b, name))) return order;
  }
  return order_of_labels(a, b);
}

}  // namespace narthex::storage::partition
