// SPDX-License-Identifier: Apache-2.0
#include "config/isolation.hpp"

#include <string>

namespace narthex::config {

bool read_isolation(TableReader& table) {
  std::string isolation;
  if (!table.read("isolation", isolation) || isolation == "none") return false;
  if (isolation != "process") {
    table.error("isolation", "isolation must be \"process\" or \"none\"");
  }
  return true;
}

}  // namespace narthex::config
