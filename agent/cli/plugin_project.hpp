// SPDX-License-Identifier: Apache-2.0
// plugin_project.hpp - writes a new plugin's project from the templates.
#pragma once

#include "cli/tool.hpp"

#include <narthex/sdk/result.hpp>

#include <string>
#include <vector>

namespace narthex::cli {

struct PluginProject {
  std::vector<std::string> files;  // what was written, in order
  std::string next;                // commands to go on with, a line each
};

// NX_ERR_INVALID_ARGUMENT for a bad name or kind, NX_ERR_ALREADY_EXISTS where the folder is not
// empty: nothing is ever overwritten.
Result<PluginProject> write_plugin_project(const PluginNewOptions& options);

}  // namespace narthex::cli
