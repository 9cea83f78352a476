// SPDX-License-Identifier: Apache-2.0
// tool_host.hpp - a plugin host for the tools, which load plugins and start none.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace narthex::host {
class PluginHost;
}

namespace narthex::cli {

// Keeps what a plugin host needs as long as the host.
class ToolHost {
 public:
  // The given folders first, then those beside the program.
  explicit ToolHost(std::vector<std::string> folders);
  ~ToolHost();
  host::PluginHost& plugins();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::cli
