// SPDX-License-Identifier: Apache-2.0
// group_json.hpp - the groups as GET /api/v1/metrics of the gateway lists them. Pure.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::ingest::pushgateway {

// [{"labels": {...}, "last_push_successful": true, "<family>": {"time_stamp": ..., "type": ...,
// "help": ..., "metrics": [...]}}]; members of objects sorted by name.
std::string groups_json(const std::vector<GroupRef>& groups);

// RFC 3339 in UTC, fractions without zeros at the end.
std::string rfc3339(std::int64_t ms);

}  // namespace narthex::ingest::pushgateway
