// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/influx/influx.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/quote.hpp>

#include <utility>

namespace narthex::ingest::influx {
namespace {

// Clients look at the version and want at least one database in the list.
constexpr std::string_view kVersion = "1.8.0";
constexpr std::string_view kDatabases =
    R"({"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],)"
    R"("values":[["_internal"]]}]}]})";
constexpr std::string_view kHealthy =
    R"({"name":"influxdb","message":"ready for queries and writes","status":"pass","checks":[]})";

Status answer_json(sdk::IngestReply reply, std::string_view json) {
  reply.status(200);
  reply.header("Content-Type", "application/json");
  reply.header("X-Influxdb-Version", kVersion);
  reply.body(json);
  return Status();
}

// The answers that clients of either version look for: their libraries show this text.
Status refuse(sdk::IngestReply reply, bool version2, Status status) {
  std::string body = version2 ? R"({"code":"invalid","message":)" : R"({"error":)";
  sdk::append_json_text(body, status.message());
  body += '}';
  reply.header("Content-Type", "application/json");
  if (!version2) reply.header("X-Influxdb-Error", status.message());
  reply.body(body);
  return status;
}

}  // namespace

Influx::Influx(sdk::Host host, Options options)
    : lines_(host, options, kName),
      options_(std::move(options)),
      precision_(parse_precision(options_.precision).value_or(Precision())) {}

Status Influx::handle(const nx_ingest_request& request, sdk::IngestReply reply) {
  switch (request.route_id) {
    case kPing:
      reply.header("X-Influxdb-Version", kVersion);
      return Status();
    case kQuery:
      return answer_json(reply, kDatabases);
    case kHealth:
      return answer_json(reply, kHealthy);
    default:
      return write(request, reply);
  }
}

Status Influx::write(const nx_ingest_request& request, sdk::IngestReply reply) {
  const bool version2 = request.route_id == kWrite2;
  Push push;
  const std::string_view unit = sdk::query_of(request, "precision");
  const std::optional<Precision> precision = parse_precision(unit);
  if (!precision) {
    return refuse(reply, version2,
                  invalid_argument("precision must be ns, us, ms, s, m or h, got " +
                                   sdk::quote_excerpt(unit)));
  }
  Result<sdk::OwnedLabels> labels = sdk::extra_labels_of(request);
  if (!labels.ok()) return refuse(reply, version2, labels.status());
  push.precision = unit.empty() ? precision_ : *precision;
  push.db = sdk::query_of(request, "db");
  push.labels = *std::move(labels);
  push.now_ms = request.received_ms;
  push.key.add(push.db);
  for (const auto& [name, value] : push.labels) push.key.add(name).add(value);
  sdk::LineReport report;
  Status status = lines_.take_request(request, report, [&](sdk::SampleWriter& writer) {
    read(view(*request.body), push, writer, report);
  });
  if (status.code() != NX_PARTIAL) return status;
  return refuse(reply, version2, {NX_PARTIAL, "partial write: " + status.message()});
}

Status Influx::packets(std::span<const nx_bytes> packets, std::span<const nx_str> peers,
                       nx_appender* appender) {
  Push push;
  push.precision = precision_;
  push.now_ms = lines_.host().now_ms();
  push.key.add(push.db);
  return lines_.take_packets(packets, peers, appender,
                             [&](sdk::SampleWriter& writer, std::string_view packet,
                                 sdk::LineReport& report) { read(packet, push, writer, report); });
}

void Influx::read(std::string_view body, const Push& push, sdk::SampleWriter& writer,
                  sdk::LineReport& report) const {
  PointReader reader(body);
  for (auto found = reader.next(); found != PointReader::Found::kEnd; found = reader.next()) {
    report.count_line();
    if (found == PointReader::Found::kBad) {
      report.bad_line(reader.line(), reader.column(), reader.fault());
    } else {
      add(reader, push, writer, report);
    }
  }
}

void Influx::add(const PointReader& reader, const Push& push, sdk::SampleWriter& writer,
                 sdk::LineReport& report) const {
  const Point& point = reader.point();
  std::int64_t t_ms = push.now_ms;
  if (point.timestamp.value_or(0) != 0) {
    const std::optional<std::int64_t> ms = to_ms(*point.timestamp, push.precision);
    if (!ms) return report.bad_line(reader.line(), 0, "the timestamp is out of range");
    t_ms = *ms;
  }
  sdk::SeriesKeyBuilder series = push.key;
  series.add(point.series);
  const bool named_alone = options_.skip_single_field && point.fields.size() == 1;
  bool checked = false;
  for (const Field& field : point.fields) {
    if (field.is_text) continue;
    sdk::SeriesKeyBuilder whole = series;
    const sdk::SeriesKey key = whole.add(named_alone ? std::string_view() : field.name).key();
    if (!checked && !check_series(reader, key, writer, report)) return;
    checked = true;
    writer.add(key, t_ms, field.value, reader.line(),
               [&](sdk::SeriesLabels& labels) { return describe(point, field, push, labels); });
  }
}

// A series part that cannot be understood refuses its line, with the column.
bool Influx::check_series(const PointReader& reader, const sdk::SeriesKey& key,
                          const sdk::SampleWriter& writer, sdk::LineReport& report) const {
  if (writer.knows(key)) return true;
  sdk::SeriesLabels labels;
  const SeriesPart part = read_series(reader.point().series, labels);
  if (part.fault.empty()) return true;
  report.bad_line(reader.line(), reader.series_column() + part.fault_at, part.fault);
  return false;
}

std::string Influx::describe(const Point& point, const Field& field, const Push& push,
                             sdk::SeriesLabels& labels) const {
  if (!options_.db_label.empty()) labels.add(options_.db_label, push.db);
  const SeriesPart part = read_series(point.series, labels);
  std::string name(options_.skip_measurement ? std::string_view() : part.measurement);
  if (!options_.skip_single_field || point.fields.size() != 1 || name.empty()) {
    if (!name.empty()) name += options_.separator;
    name += unescape(field.name, labels);
  }
  lines_.add_labels(push.labels, labels);
  labels.name(labels.keep(std::move(name)));
  return part.fault;
}

}  // namespace narthex::ingest::influx
