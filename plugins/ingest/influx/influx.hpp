// SPDX-License-Identifier: Apache-2.0
// influx.hpp - the receiver of InfluxDB's line protocol: its write endpoints of versions 1 and 2,
// what clients ask before they write, and lines over TCP and UDP. Requests are handled
// concurrently.
#pragma once

#include "plugins/ingest/influx/point_reader.hpp"
#include "plugins/ingest/influx/precision.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace narthex::ingest::influx {

class Influx {
 public:
  struct Options : sdk::LineOptions {
    std::string precision;
    std::string db_label = "db";
    std::string separator = "_";
    bool skip_single_field = false;
    bool skip_measurement = false;
  };
  enum Route : std::uint32_t { kWrite1, kWrite2, kPing, kQuery, kHealth };

  static constexpr std::string_view kName = "influx";
  static constexpr std::string_view kSummary = "Receives InfluxDB's line protocol";
  static constexpr std::uint32_t kFlags = NX_COMPONENT_CONCURRENT;
  static constexpr nx_str kNeeds[] = {NX_STR(NX_EXT_APPEND)};
  static constexpr nx_route kRoutes[] = {
      {NX_STR("POST"), NX_STR("/write"), kWrite1, 0},
      {NX_STR("POST"), NX_STR("/influx/write"), kWrite1, 0},
      {NX_STR("POST"), NX_STR("/api/v2/write"), kWrite2, 0},
      {NX_STR("POST"), NX_STR("/influx/api/v2/write"), kWrite2, 0},
      {NX_STR("GET"), NX_STR("/ping"), kPing, 0},
      {NX_STR("GET"), NX_STR("/influx/ping"), kPing, 0},
      {NX_STR("POST"), NX_STR("/query"), kQuery, 0},
      {NX_STR("GET"), NX_STR("/influx/query"), kQuery, 0},
      {NX_STR("POST"), NX_STR("/influx/query"), kQuery, 0},
      {NX_STR("GET"), NX_STR("/influx/health"), kHealth, 0},
  };
  static constexpr auto kOptions = sdk::line_option_rows<Options>(
      sdk::OptionRow<Options>{
          "precision",
          &Options::precision,
          R"("auto")",
          "Unit of timestamps where the request says none; auto: from their size.",
          {},
          R"("enum": ["auto", "ns", "us", "ms", "s", "m", "h"])"},
      sdk::OptionRow<Options>{"db_label", &Options::db_label, R"("db")",
                              "Label with the database of a request; empty: none."},
      sdk::OptionRow<Options>{"separator", &Options::separator, R"("_")",
                              "What stands between measurement and field in a metric's name."},
      sdk::OptionRow<Options>{
          "skip_single_field",
          &Options::skip_single_field,
          {},
          "Whether a point with one field gives a metric with the name of its measurement."},
      sdk::OptionRow<Options>{"skip_measurement",
                              &Options::skip_measurement,
                              {},
                              "Whether metrics are named after their field alone."});

  Influx(sdk::Host host, Options options);
  Status handle(const nx_ingest_request& request, sdk::IngestReply reply);
  Status packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                 nx_appender* appender);

 private:
  // What all points of a push share.
  struct Push {
    std::string_view db;
    sdk::OwnedLabels labels;
    Precision precision;
    std::int64_t now_ms = 0;
    sdk::SeriesKeyBuilder key;
  };

  Status write(const nx_ingest_request& request, sdk::IngestReply reply);
  void read(std::string_view body, const Push& push, sdk::SampleWriter& writer,
            sdk::LineReport& report) const;
  void add(const PointReader& reader, const Push& push, sdk::SampleWriter& writer,
           sdk::LineReport& report) const;
  std::string describe(const Point& point, const Field& field, const Push& push,
                       sdk::SeriesLabels& labels) const;
  bool check_series(const PointReader& reader, const sdk::SeriesKey& key,
                    const sdk::SampleWriter& writer, sdk::LineReport& report) const;

  sdk::LineIngest lines_;
  const Options options_;
  const Precision precision_;
};

}  // namespace narthex::ingest::influx
