// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/family.hpp"

namespace narthex::ingest::pushgateway {

std::string_view name_of(FamilyType type) {
  constexpr std::string_view kNames[kFamilyTypeCount] = {"COUNTER", "GAUGE",     "SUMMARY",
                                                         "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM"};
  return kNames[static_cast<std::uint8_t>(type)];
}

}  // namespace narthex::ingest::pushgateway
