// SPDX-License-Identifier: Apache-2.0
// text_service.hpp - NX_EXT_TEXT: the agent's parsers of JSON, YAML and TOML, so that plugins need
// none.
#pragma once

#include <narthex/host.h>

namespace narthex::host {

extern const nx_ext_text kTextService;

}  // namespace narthex::host
