// SPDX-License-Identifier: Apache-2.0
// self_exporter.hpp - stores the agent's own metrics, without scraping itself over HTTP: what the
// host's gather service shows goes on, batch by batch, as it is.
#pragma once

#include <narthex/sdk/exporter.hpp>

#include <string_view>

namespace narthex::exporter_self {

class SelfExporter {
 public:
  static constexpr std::string_view kName = "self";
  static constexpr std::string_view kSummary = "The agent's own metrics";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_GATHER)};

  explicit SelfExporter(sdk::Host host) : host_(host) {}

  // Fails as a whole: half of the metrics would look like a restart.
  Status collect(const sdk::Collection& out);

 private:
  const sdk::Host host_;
};

}  // namespace narthex::exporter_self
