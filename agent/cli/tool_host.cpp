// SPDX-License-Identifier: Apache-2.0
#include "cli/tool_host.hpp"

#include "bus/bus.hpp"
#include "host/plugin_host.hpp"
#include "net/client.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/metrics.hpp"

#include <filesystem>
#include <utility>

namespace narthex::cli {

namespace {

std::vector<std::string> with_own_folder(std::vector<std::string> folders) {
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) {
    folders.push_back((program.parent_path().parent_path() / "lib/narthex/plugins").string());
  }
  return folders;
}

host::HostOptions host_options(std::vector<std::string> folders, std::string data_dir) {
  host::HostOptions options;
  options.plugin_dirs = with_own_folder(std::move(folders));
  options.data_dir = std::move(data_dir);
  options.agent_version = NARTHEX_VERSION;
  return options;
}

}  // namespace

struct ToolHost::Impl {
  Impl(std::vector<std::string> folders, std::string data_dir)
      : bus(executor, registry),
        clients(executor, "Narthex/" NARTHEX_VERSION),
        plugins(host_options(std::move(folders), std::move(data_dir)),
                {executor, registry, bus, &clients}) {}

  runtime::AsioExecutor executor{runtime::ExecutorOptions{}};
  telemetry::Registry registry;
  bus::Bus bus;
  net::ClientFactory clients;
  host::PluginHost plugins;
};

ToolHost::ToolHost(std::vector<std::string> folders, std::string data_dir)
    : impl_(std::make_unique<Impl>(std::move(folders), std::move(data_dir))) {}
ToolHost::~ToolHost() = default;
host::PluginHost& ToolHost::plugins() { return impl_->plugins; }
net::ClientFactory& ToolHost::clients() { return impl_->clients; }
const runtime::Clock& ToolHost::clock() const { return impl_->executor.clock(); }

}  // namespace narthex::cli
