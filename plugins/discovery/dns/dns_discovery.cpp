// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery/dns/dns_discovery.hpp"

#include <algorithm>
#include <utility>

namespace narthex::dns_discovery {
namespace {

constexpr std::int64_t kTimeoutMaxMs = 20'000;

std::unique_ptr<Resolver> make_resolver(const DnsDiscovery::Options& options) {
  ResolverOptions out;
  out.servers = options.servers;
  out.timeout_ms = std::min(options.refresh_interval_ms, kTimeoutMaxMs);
  return std::make_unique<AresResolver>(std::move(out));
}

}  // namespace

DnsDiscovery::DnsDiscovery(sdk::Host host, Options options)
    : DnsDiscovery(host, options, make_resolver(options)) {}

DnsDiscovery::DnsDiscovery(sdk::Host host, Options options, std::unique_ptr<Resolver> resolver)
    : host_(host),
      options_(std::move(options)),
      type_(parse_type(options_.type).value_or(RecordType::kSrv)),
      resolver_(std::move(resolver)),
      lookups_(host, NX_TYPE_COUNTER, "prometheus_sd_dns_lookups_total",
               "The number of DNS-SD lookups."),
      failures_(host, NX_TYPE_COUNTER, "prometheus_sd_dns_lookup_failures_total",
                "The number of DNS-SD lookup failures.") {}

Status DnsDiscovery::validate(sdk::Host host, const Options& options, sdk::Value config) {
  if (options.names.empty()) {
    return host.config_error(config, "DNS-SD config must contain at least one SRV record name");
  }
  const auto type = parse_type(options.type);
  if (!type) {
    const sdk::Value where = config["type"];
    return host.config_error(where, "invalid DNS-SD records type " + options.type);
  }
  if (*type != RecordType::kSrv && options.port == 0) {
    return host.config_error(
        config, "a port is required in DNS-SD configs for all record types except SRV");
  }
  return {};
}

Status DnsDiscovery::refresh(sdk::DiscoverySink& sink) {
  const Lookups lookups = resolver_->look_up(options_.names, type_);
  Status last_failure;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    const std::string& name = options_.names[i];
    lookups_.add();
    if (lookups[i].ok()) {
      groups_[name] = make_group(name, *lookups[i], static_cast<std::uint16_t>(options_.port));
      continue;
    }
    ++failed;
    failures_.add();
    last_failure = lookups[i].status();
    host_.error("Error refreshing DNS targets", {{"err", last_failure.message()}});
  }
  if (failed == lookups.size()) return last_failure;
  std::vector<sdk::TargetGroup> groups;
  for (const auto& [name, group] : groups_) groups.push_back(group);
  return sink.update(groups);
}

}  // namespace narthex::dns_discovery
