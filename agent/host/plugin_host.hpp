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
#include "host/plugin_policy.hpp"
#include "host/view.hpp"
#include "net/client.hpp"
#include "runtime/asio_executor.hpp"
#include "telemetry/log.hpp"
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
  PluginPolicy policy;                     // the first one
  telemetry::LogOptions log;               // of processes that run plugins
  std::string program = "/proc/self/exe";  // what they are: it has the verb plugin-host
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
  std::string_view interface_id;     // NX_DISCOVERY_ID, ...
  std::string_view kind;             // "discovery": the prefix of our own file names
  std::string_view component;        // "file"
  std::string name;                  // "discovery.file#pods", unique
  const nx_value* config = nullptr;  // a table, or null for none
  // Where config's nodes stand, for messages; null: messages name the instance only.
  std::shared_ptr<const document::Document> document;
  bool isolated = false;  // in a process of its own, also where no setting of the plugin says so
};

class PluginHost {
 public:
  PluginHost(HostOptions options, HostServices services);
  ~PluginHost();  // stops and destroys what is left

  // Takes a fatal signal's record from now on, and tells what past lives of the agent died of: in
  // the log and on the bus. For the agent itself, once, before anything is loaded.
  Status keep_crash_journal();
  // Another policy, and what the journal says by now: a plugin that was released may come back.
  void configure(PluginPolicy policy);

  // Loads what is needed and checks config against the component's schema. All findings are added
  // to `findings`; OK only when there is none. Creates nothing. Used by `check config`. A plugin in
  // quarantine cannot be asked: its configuration passes.
  Status check(const InstanceRequest& request, std::vector<document::Finding>& findings);

  // Hot upgrade. Loads plugin files that are others by now beside the old ones, and makes and
  // starts a twin of each of their instances; where one fails, the old file stays in force. The
  // twins wait for create() to ask for them, until discard_twins(). Storage, parsers and functions
  // keep what they have until the agent starts anew.
  void upgrade();
  void discard_twins();
  // What changes when the file behind a request is another one: empty before the first upgrade.
  // Rooms compare it, as they compare options, to know what must be made anew.
  std::string stamp(const InstanceRequest& request);

  // Why what is asked for is left out; empty: it is not in quarantine.
  std::string quarantine_of(const InstanceRequest& request);

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
