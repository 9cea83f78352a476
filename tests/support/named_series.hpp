// SPDX-License-Identifier: Apache-2.0
// named_series.hpp - a table of series that have a name only.
#pragma once

#include <narthex/sdk/protocol.hpp>

#include <initializer_list>
#include <string_view>

namespace narthex::test {

// The names stay the caller's.
inline sdk::SeriesTable named_series(std::initializer_list<std::string_view> names) {
  sdk::SeriesTable series;
  for (const std::string_view name : names) {
    series.pairs().push_back({NX_STR("__name__"), to_nx(name)});
    (void)series.end_series();
  }
  return series;
}

}  // namespace narthex::test
