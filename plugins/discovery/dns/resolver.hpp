// SPDX-License-Identifier: Apache-2.0
// resolver.hpp - asks DNS servers. c-ares lives behind this header only. A Resolver serves one
// thread at a time.
#pragma once

#include "plugins/discovery/dns/dns_answer.hpp"
#include "plugins/discovery/dns/search_list.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace narthex::dns_discovery {

// One a name: its records, or why there are none. A name that does not exist has no records, which
// is no failure.
using Lookups = std::vector<Result<std::vector<Record>>>;

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Looks all names up at once. Blocks until all are answered, given up, or the time is over.
  virtual Lookups look_up(std::span<const std::string> names, RecordType type) = 0;
};

struct ResolverOptions {
  std::vector<std::string> servers;  // "host:port"; empty: those of resolv.conf
  std::string resolv_conf = "/etc/resolv.conf";
  std::int64_t timeout_ms = 20'000;  // for a whole look_up()
};

// Reads resolv.conf anew each time, so that a machine that moves is followed. Truncated answers are
// asked for again over TCP.
class AresResolver final : public Resolver {
 public:
  explicit AresResolver(ResolverOptions options) : options_(std::move(options)) {}
  Lookups look_up(std::span<const std::string> names, RecordType type) override;

 private:
  const ResolverOptions options_;
};

}  // namespace narthex::dns_discovery
