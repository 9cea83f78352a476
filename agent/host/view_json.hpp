// SPDX-License-Identifier: Apache-2.0
// view_json.hpp - the plugin host's view as the `data` of GET /api/v1/status/plugins. Pure.
#pragma once

#include "host/view.hpp"

#include <string>

namespace narthex::host {

std::string to_json(const HostView& view);

}  // namespace narthex::host
