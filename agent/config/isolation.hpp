// SPDX-License-Identifier: Apache-2.0
// isolation.hpp - the key `isolation` of a plugin's table.
#pragma once

#include "config/table_reader.hpp"

namespace narthex::config {

// True: "process". "none" and no key are false, anything else is an error.
bool read_isolation(TableReader& table);

}  // namespace narthex::config
