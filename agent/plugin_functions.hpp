// SPDX-License-Identifier: Apache-2.0
// plugin_functions.hpp - the functions of all function plugins, as the query engine wants them.
#pragma once

#include "promql/functions.hpp"
#include "telemetry/log.hpp"

#include <memory>

namespace narthex::host {
class PluginHost;
}

namespace narthex {

// Starts an instance of every function component. What cannot be taken is logged and left out.
std::shared_ptr<const promql::FunctionTable> load_plugin_functions(host::PluginHost& plugins,
                                                                   const telemetry::Log& log);

}  // namespace narthex
