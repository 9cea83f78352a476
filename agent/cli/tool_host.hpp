// SPDX-License-Identifier: Apache-2.0
// tool_host.hpp - a plugin host for the tools.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace narthex::host {
class PluginHost;
}
namespace narthex::net {
class ClientFactory;
}
namespace narthex::runtime {
class Clock;
}

namespace narthex::cli {

// Keeps what a plugin host needs as long as the host.
class ToolHost {
 public:
  // The given folders first, then those beside the program. Plugins that keep state do so in
  // data_dir; without one they cannot.
  explicit ToolHost(std::vector<std::string> folders, std::string data_dir = {});
  ~ToolHost();
  host::PluginHost& plugins();
  net::ClientFactory& clients();
  const runtime::Clock& clock() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::cli
