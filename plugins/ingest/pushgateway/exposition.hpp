// SPDX-License-Identifier: Apache-2.0
// exposition.hpp - all groups in the text format 0.0.4, as a scrape of the gateway sees them:
// families by name, those of several groups in one, help and type of the first. Pure.
#pragma once

#include "plugins/ingest/pushgateway/groups.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace narthex::ingest::pushgateway {

// Names that are not plain are quoted (allow_utf8) or have underscores in place of other
// characters.
std::string expose(const std::vector<GroupRef>& groups, bool allow_utf8);

// Whether an Accept header asks for names as they are: "...; escaping=allow-utf-8".
bool accepts_utf8(std::string_view accept);

}  // namespace narthex::ingest::pushgateway
