// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/import/import.hpp"

#include "plugins/ingest/import/path_labels.hpp"

#include <narthex/sdk/quote.hpp>

#include <charconv>
#include <utility>

namespace narthex::ingest::import {

Status Import::handle(const nx_ingest_request& request, sdk::IngestReply) {
  Push push;
  const Status good = read_push(request, push);
  if (!good.ok()) return good;
  const std::string_view body = view(*request.body);
  sdk::LineReport report;
  return lines_.take_request(request, report, [&](sdk::SampleWriter& writer) {
    if (request.route_id == kJson) {
      read_json(body, push, writer, report);
    } else {
      read_text(body, push, writer, report);
    }
  });
}

// Labels of the path first: those of the query win over them.
Status Import::read_push(const nx_ingest_request& request, Push& push) {
  if (request.route_id == kTextWithPath && request.path_param_count != 0) {
    Result<sdk::OwnedLabels> of_path =
        parse_path_labels(sdk::Value(&request.path_params[0].value).get<std::string_view>());
    if (!of_path.ok()) return of_path.status();
    push.labels = *std::move(of_path);
  }
  const Result<sdk::OwnedLabels> extra = sdk::extra_labels_of(request);
  if (!extra.ok()) return extra.status();
  push.labels.insert(push.labels.end(), extra->begin(), extra->end());
  for (const auto& [name, value] : push.labels) push.key.add(name).add(value);
  push.now_ms = request.received_ms;
  const std::string_view time = sdk::query_of(request, "timestamp");
  if (time.empty()) return Status();
  const auto [stop, error] = std::from_chars(time.data(), time.data() + time.size(), push.now_ms);
  if (error == std::errc() && stop == time.data() + time.size()) return Status();
  return invalid_argument("timestamp must be milliseconds, got " + sdk::quote_excerpt(time));
}

void Import::read_text(std::string_view body, const Push& push, sdk::SampleWriter& writer,
                       sdk::LineReport& report) const {
  Families families;
  sdk::each_line(body, [&](std::string_view line, std::uint64_t number) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return;
    if (line[first] == '#') return families.read(line.substr(first));
    report.count_line();
    add_text(line, number, push, writer, report);
  });
  for (const auto& [family, about] : families.all()) {
    writer.describe_family(family, about.type, about.help);
  }
}

void Import::add_text(std::string_view line, std::uint64_t number, const Push& push,
                      sdk::SampleWriter& writer, sdk::LineReport& report) const {
  const TextSample sample = parse_text_sample(line, push.now_ms);
  if (!sample.fault.empty()) return report.bad_line(number, sample.column, sample.fault);
  sdk::SeriesKeyBuilder builder = push.key;
  const sdk::SeriesKey key = builder.add(sample.series).key();
  if (!writer.knows(key)) {
    sdk::SeriesLabels labels;
    const sdk::SeriesError error = read_series(sample.series, labels);
    if (!error.ok()) {
      const auto begin = static_cast<std::size_t>(sample.series.data() - line.data());
      return report.bad_line(number, begin + error.at + 1, error.text);
    }
  }
  writer.add(key, sample.t_ms, sample.value, number, [&](sdk::SeriesLabels& labels) {
    std::string fault = read_series(sample.series, labels).text;
    lines_.add_labels(push.labels, labels);
    return fault;
  });
}

void Import::read_json(std::string_view body, const Push& push, sdk::SampleWriter& writer,
                       sdk::LineReport& report) const {
  JsonSeries series;
  sdk::each_line(body, [&](std::string_view line, std::uint64_t number) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    report.count_line();
    if (!series.parse(line)) return report.bad_line(number, series.column(), series.fault());
    sdk::SeriesKeyBuilder builder = push.key;
    const sdk::SeriesKey key = builder.add(series.metric()).key();
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (series.is_null(i)) continue;
      writer.add(key, series.time_ms(i), series.value(i), number, [&](sdk::SeriesLabels& labels) {
        read_metric(series.metric(), labels);
        lines_.add_labels(push.labels, labels);
        return std::string();
      });
    }
  });
}

}  // namespace narthex::ingest::import
