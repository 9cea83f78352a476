// SPDX-License-Identifier: Apache-2.0
// plugin_host.hpp - finds plugin files, loads them, and runs instances of their components.
//
// Load order of a file: folder and owner checks -> ELF note -> dlopen -> entry -> descriptor checks
// -> load(). Nothing is ever unloaded (ABI.md P17). Every call into a plugin goes through
// Instance::call, which attributes, contains and measures it. Thread-safe.
#pragma once

#include "bus/bus.hpp"
#include "document/document.hpp"
#include "host/instance.hpp"
#include "host/view.hpp"
#include "net/client.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/metrics.hpp"

#include <narthex/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::host {

struct HostOptions {
  std::vector<std::string> plugin_dirs;  // in order of search
  std::string data_dir;                  // for narthex.state/1; empty: that service is absent
  std::string agent_version;
};

// What the host hands on to plugins. All outlive it. The client factory may be null (in `check`).
struct HostServices {
  runtime::Executor& executor;
  telemetry::Registry& registry;
  bus::Bus& bus;
  net::ClientFactory* clients = nullptr;
};

// What an instance is asked to be.
struct InstanceRequest {
  std::string_view interface_id;   // NX_DISCOVERY_ID, ...
  std::string_view kind;           // "discovery": the prefix of our own file names
  std::string_view component;      // "file"
  std::string name;                // "discovery.file#pods", unique
  const nx_value* config = nullptr;  // a table, or null for none
  // Where config's nodes stand, for messages; null: messages name the instance only.
  std::shared_ptr<const document::Document> document;
};

class PluginHost {
 public:
  PluginHost(HostOptions options, HostServices services);
  ~PluginHost();  // stops and destroys what is left

  // Loads what is needed and checks config against the component's schema. All findings are added
  // to `findings`; OK only when there is none. Creates nothing. Used by `check config`.
  Status check(const InstanceRequest& request, std::vector<document::Finding>& findings);

  // check(), fill in defaults, validate(), create(). Not started yet.
  Result<std::shared_ptr<Instance>> create(const InstanceRequest& request);

  // Gives a running instance another configuration. NX_ERR_UNSUPPORTED: it needs a new instance.
  // On any failure the old configuration stays in force.
  Status reconfigure(Instance& instance, const InstanceRequest& request);

  // All components of one interface in all files: parsers and functions, which are found by what
  // they offer and not by name. One instance each, started, in order of plugin id.
  std::vector<std::shared_ptr<Instance>> start_all(std::string_view interface_id,
                                                   std::string_view kind);

  // Makes a service of another room available to plugins: get_extension(id) gives table. It must
  // live for ever. Instance::of(host) leads its functions back to the instance.
  void offer(std::string id, const void* table);

  // Loads every file of the folders that is not loaded yet; for `plugin list` and status pages.
  void load_everything();
  HostView view() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::host
