// SPDX-License-Identifier: Apache-2.0
// An exporter plugin: the load averages of this machine.
#include <narthex/sdk/exporter.hpp>

#include <fstream>

namespace sdk = narthex::sdk;

class @CLASS@ {
 public:
  static constexpr std::string_view kName = "@NAME@";
  static constexpr std::string_view kSummary = "Load averages";

  explicit @CLASS@(sdk::Host) {}

  // The host calls this once an interval and adds `up`, job and instance.
  narthex::Status collect(const sdk::Collection& c) const {
    std::ifstream in("/proc/loadavg");
    double one = 0;
    double five = 0;
    double fifteen = 0;
    if (!(in >> one >> five >> fifteen)) return narthex::io_error("cannot read /proc/loadavg");
    const sdk::Family load = c.gauge("@NAME@_load", "Load average of the machine.");
    load.sample({{"window", "1m"}}, one);
    load.sample({{"window", "5m"}}, five);
    load.sample({{"window", "15m"}}, fifteen);
    return {};
  }
};

NARTHEX_PLUGIN("@ID@", "1.0.0", "Load averages", sdk::Exporter<@CLASS@>)
