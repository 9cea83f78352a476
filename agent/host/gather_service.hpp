// SPDX-License-Identifier: Apache-2.0
// gather_service.hpp - NX_EXT_GATHER: the agent's own metrics as a batch, for the `self` exporter.
#pragma once

#include <narthex/host.h>

namespace narthex::host {

extern const nx_ext_gather kGatherService;

}  // namespace narthex::host
