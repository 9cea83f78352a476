// SPDX-License-Identifier: Apache-2.0
// manager.hpp - everything that is scraped: a pool a job, a loop a target, and the in-process
// exporters. Discovery tells it which targets there are (on_groups); configuration which jobs.
//
// Thread-safe; apply() and stop() come from one thread at a time. Views are snapshots and wait for
// no scrape.
#pragma once

#include "discovery/groups.hpp"
#include "host/instance.hpp"
#include "net/client.hpp"
#include "scrape/options.hpp"
#include "scrape/view.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::bus {
class Bus;
}
namespace narthex::runtime {
class Executor;
}
namespace narthex::store {
class Store;
}
namespace narthex::telemetry {
class Registry;
}

namespace narthex::scrape {

// What scraping works with. References outlive the manager. The functions are called from apply()
// only.
struct ManagerServices {
  runtime::Executor& executor;
  telemetry::Registry& registry;
  bus::Bus& bus;
  store::Store& store;
  // Instances that offer NX_PARSER_ID, started (PluginHost::start_all).
  std::vector<std::shared_ptr<host::Instance>> parsers;
  // ClientFactory::make.
  std::function<Result<std::shared_ptr<net::Client>>(const net::ClientOptions&)> make_client;
  // Creates (not starts) the instance of an exporter: PluginHost::create with NX_EXPORTER_ID.
  std::function<Result<std::shared_ptr<host::Instance>>(const ExporterOptions&, std::string name)>
      make_exporter;
  std::string host_name;  // the default `instance` of exporters
};

class Manager {
 public:
  explicit Manager(ManagerServices services);
  ~Manager();  // stops

  // Makes exactly these jobs and exporters run. Those whose fingerprint is what it was go on
  // untouched. All or nothing as far as it can be known before: a job whose rules or client cannot
  // be made fails the call and changes nothing. An exporter that does not start is logged, and the
  // rest runs.
  Status apply(const ScrapeOptions& options);

  // discovery::GroupsChanged. Jobs that are not there are ignored.
  void on_groups(std::string_view job, std::span<const discovery::GroupChange> changes);

  // Ends all scraping; what is being stored is waited for until the deadline. Writes no staleness
  // markers: a restart goes on where it was.
  void stop(std::int64_t deadline_mono_ns);

  std::vector<PoolView> pools() const;
  std::vector<TargetMetadataView> metadata() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narthex::scrape
