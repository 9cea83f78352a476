// SPDX-License-Identifier: Apache-2.0
// dns_discovery.hpp - the component "dns": looks names up every refresh_interval.
#pragma once

#include "plugins/discovery/dns/dns_targets.hpp"
#include "plugins/discovery/dns/resolver.hpp"

#include <narthex/sdk/discovery.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::dns_discovery {

class DnsDiscovery {
 public:
  static constexpr std::string_view kName = "dns";
  static constexpr std::string_view kSummary = "Targets from DNS records";
  static constexpr std::uint32_t kDefaultIntervalMs = 30'000;

  struct Options {
    std::vector<std::string> names;
    std::string type;
    std::int64_t port = 0;
    std::int64_t refresh_interval_ms = 0;
    std::vector<std::string> servers;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"names",
       &Options::names,
       {},
       "Names to look up.",
       {},
       R"("examples": [["_prometheus._tcp.example.org"]])"},
      {"type", &Options::type, "\"SRV\"", "Record type: SRV, A, AAAA, MX or NS."},
      {"port",
       &Options::port,
       "0",
       "Port of the targets; SRV records bring their own.",
       {},
       R"("minimum": 0, "maximum": 65535)"},
      {"refresh_interval", &Options::refresh_interval_ms, "\"30s\"",
       "How often the names are looked up.", "duration", R"("minimum": 1)"},
      {"servers",
       &Options::servers,
       {},
       "Servers to ask, each host:port, instead of those of resolv.conf.",
       {},
       R"("examples": [["127.0.0.1:53"]])"},
  };

  DnsDiscovery(sdk::Host host, Options options);
  DnsDiscovery(sdk::Host host, Options options, std::unique_ptr<Resolver> resolver);
  static Status validate(sdk::Host host, const Options& options, sdk::Value config);

  // A name that cannot be looked up keeps the targets that it had; only when none can be, the
  // refresh has failed.
  Status refresh(sdk::DiscoverySink& sink);

 private:
  const sdk::Host host_;
  const Options options_;
  const RecordType type_;
  const std::unique_ptr<Resolver> resolver_;
  const sdk::Cell lookups_;
  const sdk::Cell failures_;
  std::map<std::string, sdk::TargetGroup> groups_;  // the last good one of each name
};

}  // namespace narthex::dns_discovery
