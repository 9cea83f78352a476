// SPDX-License-Identifier: Apache-2.0
// host_metrics.hpp - the narthex_plugin_* series, made when somebody gathers: no cell is kept.
#pragma once

#include "telemetry/metrics.hpp"

namespace narthex::host {

class HostContext;

void gather_plugin_metrics(const HostContext& context, telemetry::Gathering& out);

}  // namespace narthex::host
