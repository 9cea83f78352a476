// SPDX-License-Identifier: Apache-2.0
// view_text.hpp - the plugin host's view as text for `narthex plugin list` and `plugin info`. Pure.
#pragma once

#include "host/view.hpp"

#include <string>

namespace narthex::host {

// One line a component: id, version, component, interfaces, file; then the files that were refused.
std::string list_text(const HostView& view);
// Everything about one plugin.
std::string info_text(const LibraryView& library);

}  // namespace narthex::host
