// SPDX-License-Identifier: Apache-2.0
// graphite.hpp - the receiver of Graphite's plaintext protocol over TCP and UDP.
#pragma once

#include "plugins/ingest/graphite/graphite_line.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::ingest::graphite {

class Graphite {
 public:
  struct Options : sdk::LineOptions {};
  static constexpr std::string_view kName = "graphite";
  static constexpr std::string_view kSummary = "Receives Graphite's plaintext protocol";
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr auto kOptions = sdk::line_option_rows<Options>();

  Graphite(sdk::Host host, const Options& options) : lines_(host, options, kName) {}
  Status packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                 nx_appender* appender);

 private:
  void add(std::string_view line, std::uint64_t number, std::int64_t now_ms,
           sdk::SampleWriter& writer, sdk::LineReport& report) const;

  sdk::LineIngest lines_;
};

}  // namespace narthex::ingest::graphite
