// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/graphite/graphite.hpp"

namespace narthex::ingest::graphite {

Status Graphite::packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                         nx_appender* appender) {
  const std::int64_t now_ms = lines_.host().now_ms();
  return lines_.take_packets(
      packets, peers, appender,
      [&](sdk::SampleWriter& writer, std::string_view packet, sdk::LineReport& report) {
        sdk::each_line(packet, [&](std::string_view line, std::uint64_t number) {
          if (line.find_first_not_of(" \t") == std::string_view::npos) return;
          report.count_line();
          add(line, number, now_ms, writer, report);
        });
      });
}

void Graphite::add(std::string_view line, std::uint64_t number, std::int64_t now_ms,
                   sdk::SampleWriter& writer, sdk::LineReport& report) const {
  const GraphiteLine parsed = parse_graphite(line, now_ms);
  if (!parsed.fault.empty()) return report.bad_line(number, parsed.column, parsed.fault);
  sdk::SeriesKeyBuilder builder;
  const sdk::SeriesKey key = builder.add(parsed.series).key();
  if (!writer.knows(key)) {
    sdk::SeriesLabels labels;
    const GraphiteSeries series = read_series(parsed.series, labels);
    if (!series.fault.empty()) {
      const auto begin = static_cast<std::size_t>(parsed.series.data() - line.data());
      return report.bad_line(number, begin + series.fault_at + 1, series.fault);
    }
  }
  writer.add(key, parsed.t_ms, parsed.value, number, [&](sdk::SeriesLabels& labels) {
    const GraphiteSeries series = read_series(parsed.series, labels);
    lines_.add_labels({}, labels);
    labels.name(series.name);
    return series.fault;
  });
}

}  // namespace narthex::ingest::graphite
