// SPDX-License-Identifier: Apache-2.0
// import.hpp - the receiver of VictoriaMetrics's import formats: Prometheus text, also with the
// labels of a Pushgateway's path, and JSON lines. Requests are handled concurrently.
#pragma once

#include "plugins/ingest/import/json_series.hpp"
#include "plugins/ingest/import/text_sample.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <cstdint>
#include <string_view>

namespace narthex::ingest::import {

class Import {
 public:
  struct Options : sdk::LineOptions {};
  enum Route : std::uint32_t { kText, kTextWithPath, kJson };

  static constexpr std::string_view kName = "import";
  static constexpr std::string_view kSummary = "Receives Prometheus text and JSON lines";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr nx_route kRoutes[] = {
      {NX_STR("POST"), NX_STR("/api/v1/import/prometheus"), kText, 0},
      {NX_STR("PUT"), NX_STR("/api/v1/import/prometheus"), kText, 0},
      {NX_STR("POST"), NX_STR("/api/v1/import/prometheus/metrics/{labels...}"), kTextWithPath, 0},
      {NX_STR("PUT"), NX_STR("/api/v1/import/prometheus/metrics/{labels...}"), kTextWithPath, 0},
      {NX_STR("POST"), NX_STR("/api/v1/import"), kJson, 0},
  };
  static constexpr auto kOptions = sdk::line_option_rows<Options>();

  Import(sdk::Host host, const Options& options) : lines_(host, options, kName) {}
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);

 private:
  // What all samples of a push share.
  struct Push {
    sdk::OwnedLabels labels;
    std::int64_t now_ms = 0;  // for samples without a time
    sdk::SeriesKeyBuilder key;
  };

  static Status read_push(const nx_ingest_request& request, Push& push);
  void read_text(std::string_view body, const Push& push, sdk::SampleWriter& writer,
                 sdk::LineReport& report) const;
  void add_text(std::string_view line, std::uint64_t number, const Push& push,
                sdk::SampleWriter& writer, sdk::LineReport& report) const;
  void read_json(std::string_view body, const Push& push, sdk::SampleWriter& writer,
                 sdk::LineReport& report) const;

  sdk::LineIngest lines_;
};

}  // namespace narthex::ingest::import
