// SPDX-License-Identifier: Apache-2.0
// metric_type.hpp - what the type of a metric is called in its label __type__, as Prometheus has
// it.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <iterator>

namespace narthex::sdk {

// Empty for an unknown type.
inline nx_str type_label(std::uint32_t type) {
  static constexpr nx_str kNames[] = {
      NX_STR(""),          NX_STR("counter"),        NX_STR("gauge"),
      NX_STR("histogram"), NX_STR("gaugehistogram"), NX_STR("summary"),
      NX_STR("info"),      NX_STR("stateset")};
  static_assert(NX_TYPE_COUNTER == 1 && NX_TYPE_SUMMARY == 5 && NX_TYPE_STATESET == 7);
  return type < std::size(kNames) ? kNames[type] : kNames[NX_TYPE_UNKNOWN];
}

}  // namespace narthex::sdk
