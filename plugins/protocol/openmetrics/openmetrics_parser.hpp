// SPDX-License-Identifier: Apache-2.0
// openmetrics_parser.hpp - the OpenMetrics text format, 1.0.0 and its draft 0.0.1.
//
// Accepts and refuses what Prometheus 3.5 does: single spaces, no empty lines, no free comments,
// "# EOF" at the end and nothing after it, units that are a suffix of the name. `_created` series
// are series like others, as they are there by default, or with NX_PARSE_START_T the start times of
// the others. Stateless but for the scratch.
#pragma once

#include "plugins/protocol/openmetrics/created_times.hpp"

#include <narthex/sdk/body_scratch.hpp>
#include <narthex/sdk/protocol.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::openmetrics {

class OpenMetricsParser {
 public:
  static constexpr std::string_view kName = "openmetrics";
  static constexpr std::string_view kSummary = "Parses the OpenMetrics text format";
  static constexpr nx_str kContentTypes[] = {NX_STR("application/openmetrics-text;version=1.0.0"),
                                             NX_STR("application/openmetrics-text;version=0.0.1")};
  static constexpr nx_str kProtocolNames[] = {NX_STR("OpenMetricsText1.0.0"),
                                              NX_STR("OpenMetricsText0.0.1")};
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT | NX_COMPONENT_SINGLETON;

  class Scratch : public sdk::BodyScratch {
   public:
    CreatedTimes& created() { return created_; }

   private:
    CreatedTimes created_;
  };

  explicit OpenMetricsParser(sdk::Host) {}

  static Status parse(Scratch& scratch, nx_buffer& body, const nx_parse_opts& options,
                      sdk::ParsedSink& sink);
  static Status labels(Scratch& scratch, std::span<const nx_str> keys, sdk::SeriesTable& out);
};

}  // namespace narthex::openmetrics
