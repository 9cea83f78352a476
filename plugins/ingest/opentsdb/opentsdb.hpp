// SPDX-License-Identifier: Apache-2.0
// opentsdb.hpp - the receiver of OpenTSDB's put: over HTTP, and as lines over TCP and UDP. Requests
// are handled concurrently.
#pragma once

#include "plugins/ingest/opentsdb/put_line.hpp"
#include "plugins/ingest/opentsdb/put_points.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace narthex::ingest::opentsdb {

class OpenTsdb {
 public:
  struct Options : sdk::LineOptions {};
  static constexpr std::string_view kName = "opentsdb";
  static constexpr std::string_view kSummary = "Receives OpenTSDB's put";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr nx_route kRoutes[] = {
      {NX_STR("POST"), NX_STR("/api/put"), 0, 0},
      {NX_STR("PUT"), NX_STR("/api/put"), 0, 0},
      {NX_STR("POST"), NX_STR("/opentsdb/api/put"), 0, 0},
      {NX_STR("PUT"), NX_STR("/opentsdb/api/put"), 0, 0},
  };
  static constexpr auto kOptions = sdk::line_option_rows<Options>();

  OpenTsdb(sdk::Host host, const Options& options) : lines_(host, options, kName) {}
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);
  Status packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                 nx_appender* appender);

 private:
  void add_line(std::string_view line, std::uint64_t number, sdk::SampleWriter& writer,
                sdk::LineReport& report) const;
  void add_point(const PutPoint& point, const sdk::OwnedLabels& extra, std::uint64_t number,
                 std::int64_t now_ms, sdk::SampleWriter& writer, sdk::LineReport& report) const;

  sdk::LineIngest lines_;
};

}  // namespace narthex::ingest::opentsdb
