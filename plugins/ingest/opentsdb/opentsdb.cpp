// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/opentsdb/opentsdb.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace narthex::ingest::opentsdb {
namespace {

constexpr std::size_t kDetailsMax = 1000;

bool has_query(const nx_ingest_request& request, std::string_view name) {
  const std::span params(request.query_params, request.query_param_count);
  return std::any_of(params.begin(), params.end(),
                     [&](const nx_kv& param) { return view(param.key) == name; });
}

void append_error(std::string& out, std::string_view point, std::string_view text) {
  (out += R"({"datapoint":)") += point;
  out += R"(,"error":)";
  sdk::append_json_text(out, text);
  out += '}';
}

// {"errors":[...],"failed":1,"success":2}; "errors" with ?details only.
std::string count_text(const sdk::LineReport& report,
                       const std::map<std::uint64_t, std::string_view>& points, bool details) {
  std::string out = "{";
  if (details) {
    out += R"("errors":[)";
    for (const sdk::LineReport::Refusal& refusal : report.kept()) {
      if (&refusal != report.kept().data()) out += ',';
      const auto at = points.find(refusal.line);
      // Bytes that are no UTF-8 would make the answer no JSON.
      const bool shown = at != points.end() && sdk::is_utf8(at->second);
      append_error(out, shown ? at->second : "null", refusal.text);
    }
    out += "],";
  }
  const std::uint64_t failed = report.bad_lines() + report.bad_samples();
  out += R"("failed":)" + std::to_string(failed) + R"(,"success":)";
  return out + std::to_string(report.lines() - std::min(failed, report.lines())) + '}';
}

// What clients of OpenTSDB show when they did not ask for details.
std::string error_text(std::string_view message) {
  std::string out = R"({"error":{"code":400,"message":)";
  sdk::append_json_text(out, message);
  return out + "}}";
}

std::string first_refusal(const sdk::LineReport& report) {
  return "data point " + std::to_string(report.first().line) + ": " + report.first().text + "; " +
         std::to_string(report.bad_lines() + report.bad_samples()) + " of " +
         std::to_string(report.lines()) + " data points refused";
}

Status answer(sdk::IngestReply reply, int status, std::string_view json) {
  reply.status(status);
  reply.header("Content-Type", "application/json");
  reply.body(json);
  return Status();
}

}  // namespace

Status OpenTsdb::handle(const nx_ingest_request& request, sdk::IngestReply reply) {
  const Result<sdk::OwnedLabels> extra = sdk::extra_labels_of(request);
  if (!extra.ok()) return extra.status();
  const bool details = has_query(request, "details");
  sdk::LineReport report(details ? kDetailsMax : 0);
  std::map<std::uint64_t, std::string_view> points;  // those that may be shown
  sdk::JsonReader json(view(*request.body));
  const Status status =
      lines_.take(lines_.appender(request), false, report, [&](sdk::SampleWriter& writer) {
        json = sdk::JsonReader(view(*request.body));
        (void)read_points(json, [&](const PutPoint& point) {
          report.count_line();
          if (details) points.try_emplace(report.lines(), point.text);
          add_point(point, *extra, report.lines(), request.received_ms, writer, report);
        });
        // Half a body is no body: its points must not count as sent.
        if (!json.ok()) writer.drop_rows();
      });
  if (!status.ok()) return status;
  if (!json.ok()) {
    const std::string text =
        "the body is no JSON: " + json.fault() + " at byte " + std::to_string(json.position() + 1);
    reply.header("Content-Type", "application/json");
    reply.body(error_text(text));
    return invalid_data(text);
  }
  const bool counts = details || has_query(request, "summary");
  if (report.all_taken()) {
    return counts ? answer(reply, 200, count_text(report, points, details)) : Status();
  }
  const std::string text = first_refusal(report);
  return answer(reply, 400, counts ? count_text(report, points, details) : error_text(text));
}

Status OpenTsdb::packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                         nx_appender* appender) {
  return lines_.take_packets(
      packets, peers, appender,
      [&](sdk::SampleWriter& writer, std::string_view packet, sdk::LineReport& report) {
        sdk::each_line(packet, [&](std::string_view line, std::uint64_t number) {
          if (line.find_first_not_of(" \t") == std::string_view::npos) return;
          report.count_line();
          add_line(line, number, writer, report);
        });
      });
}

void OpenTsdb::add_line(std::string_view line, std::uint64_t number, sdk::SampleWriter& writer,
                        sdk::LineReport& report) const {
  const PutLine put = parse_put(line);
  if (!put.fault.empty()) return report.bad_line(number, put.column, put.fault);
  sdk::SeriesKeyBuilder builder;
  const sdk::SeriesKey key = builder.add(put.metric).add(put.tags).key();
  if (!writer.knows(key)) {
    sdk::SeriesLabels labels;
    const TagFault fault = read_tags(put.tags, labels);
    if (!fault.text.empty()) {
      const auto begin = static_cast<std::size_t>(put.tags.data() - line.data());
      return report.bad_line(number, begin + fault.at + 1, fault.text);
    }
  }
  writer.add(key, put.t_ms, put.value, number, [&](sdk::SeriesLabels& labels) {
    std::string fault = read_tags(put.tags, labels).text;
    lines_.add_labels({}, labels);
    labels.name(put.metric);
    return fault;
  });
}

void OpenTsdb::add_point(const PutPoint& point, const sdk::OwnedLabels& extra, std::uint64_t number,
                         std::int64_t now_ms, sdk::SampleWriter& writer,
                         sdk::LineReport& report) const {
  if (!point.fault.empty()) return report.bad_line(number, 0, point.fault);
  sdk::SeriesKeyBuilder builder;
  builder.add(point.metric).add(point.tags);
  for (const auto& [name, value] : extra) builder.add(name).add(value);
  writer.add(builder.key(), point.t_ms.value_or(now_ms), point.value, number,
             [&](sdk::SeriesLabels& labels) {
               read_tag_object(point.tags, labels);
               lines_.add_labels(extra, labels);
               labels.name(labels.keep(point.metric));
               return std::string();
             });
}

}  // namespace narthex::ingest::opentsdb
