// SPDX-License-Identifier: Apache-2.0
// family.hpp - the family that a series of a type belongs to, from the series' name: remote write
// 2.0 has metadata a series, where 1.0 and expositions have it a family. Pure.
#pragma once

#include <narthex/data.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace narthex::ingest::remote_write {

inline std::string_view family_of(std::string_view name, std::uint32_t type) {
  const bool histogram = type == NX_TYPE_HISTOGRAM || type == NX_TYPE_GAUGEHISTOGRAM;
  if (!histogram && type != NX_TYPE_SUMMARY) return name;
  for (const std::string_view ending : {"_bucket", "_count", "_sum"}) {
    if (ending == "_bucket" && !histogram) continue;
    if (name.size() > ending.size() && name.ends_with(ending)) {
      name.remove_suffix(ending.size());
      break;
    }
  }
  return name;
}

}  // namespace narthex::ingest::remote_write
