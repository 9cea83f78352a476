// SPDX-License-Identifier: Apache-2.0
#include "query/report.hpp"

#include <narthex/sdk/json.hpp>
#include <narthex/sdk/number.hpp>

#include <cstdio>
#include <ctime>

namespace narthex::query {

namespace {

void append_seconds(std::string& out, const char* name, std::int64_t ns) {
  ((out += '"') += name) += "\":";
  sdk::append_number(out, static_cast<double>(ns) / 1e9);
}

void append_timings(std::string& out, const Report& report) {
  const promql::RunTimings& t = report.timings;
  out += "\"timings\":{";
  append_seconds(out, "evalTotalTime", t.prepare_ns + t.inner_ns + t.sort_ns);
  append_seconds(out += ',', "resultSortTime", t.sort_ns);
  append_seconds(out += ',', "queryPreparationTime", t.prepare_ns);
  append_seconds(out += ',', "innerEvalTime", t.inner_ns);
  append_seconds(out += ',', "execQueueTime", report.queued_ns);
  append_seconds(out += ',', "execTotalTime", report.run_ns);
  out += '}';
}

// Seconds, with the digits that there are: 1.5
void append_time(std::string& out, std::int64_t t_ms) {
  sdk::append_number(out, static_cast<double>(t_ms) / 1000);
}

void append_samples(std::string& out, const Report& report, const Request& request) {
  out += "\"samples\":{";
  if (!report.samples.by_step.empty()) {
    out += "\"totalQueryableSamplesPerStep\":[";
    std::int64_t t_ms = request.start_ms;
    bool comma = false;
    for (const std::uint64_t samples : report.samples.by_step) {
      out += comma ? ",[" : "[";
      comma = true;
      append_time(out, t_ms);
      (out += ',') += std::to_string(samples);
      out += ']';
      t_ms += request.step_ms;
    }
    out += "],";
  }
  out += "\"totalQueryableSamples\":" + std::to_string(report.samples.samples_total);
  out += ",\"peakSamples\":" + std::to_string(report.samples.samples_peak) + '}';
}

void append_node(std::string& out, const promql::PlanNode& node) {
  out += "{\"operation\":";
  sdk::append_json_text(out, node.operation);
  sdk::append_json_text(out += ",\"expression\":", node.expression);
  append_seconds(out += ',', "time", node.time_ns);
  out += ",\"samples\":" + std::to_string(node.samples);
  out += ",\"series\":" + std::to_string(node.series);
  out += ",\"values\":" + std::to_string(node.values);
  out += ",\"children\":[";
  for (const auto& child : node.children) {
    if (child != node.children.front()) out += ',';
    append_node(out, *child);
  }
  out += "]}";
}

// 2026-11-28T19:00:35.922Z
std::string utc(std::int64_t t_ms) {
  std::int64_t seconds = t_ms / 1000;
  std::int64_t rest = t_ms % 1000;
  if (rest < 0) rest += 1000, --seconds;
  const std::time_t when = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (gmtime_r(&when, &parts) == nullptr) return "";
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(rest));
  return text;
}

}  // namespace

std::string stats_json(const Report& report, const Request& request) {
  std::string out = "{";
  append_timings(out, report);
  append_samples(out += ',', report, request);
  if (report.plan != nullptr) {
    out += ",\"memory\":{\"peakBytes\":" + std::to_string(report.memory_peak) + "},\"plan\":[";
    for (const auto& node : report.plan->children) {
      if (node != report.plan->children.front()) out += ',';
      append_node(out, *node);
    }
    out += ']';
  }
  return out + '}';
}

std::string log_line(const Report& report, const Request& request, std::int64_t now_ms) {
  std::string out = "{\"time\":\"" + utc(now_ms) +
                    "\",\"level\":\"INFO\",\"source\":\"narthex\",\"msg\":\"promql query logged\","
                    "\"params\":{\"end\":\"" +
                    utc(request.end_ms) + "\",\"query\":";
  sdk::append_json_text(out, request.text);
  out += ",\"start\":\"" + utc(request.start_ms) +
         "\",\"step\":" + std::to_string(request.step_ms / 1000) + '}';
  if (report.error.kind != promql::ErrorKind::kNone) {
    sdk::append_json_text(out += ",\"error\":", report.error.message);
  }
  Report bare = report;
  bare.plan = nullptr;
  out += ",\"stats\":" + stats_json(bare, request) + ",\"spanID\":\"0000000000000000\"";
  if (!request.method.empty()) {
    out += ",\"httpRequest\":{\"clientIP\":";
    sdk::append_json_text(out, request.client);
    sdk::append_json_text(out += ",\"method\":", request.method);
    sdk::append_json_text(out += ",\"path\":", request.path);
    out += '}';
  }
  return out + "}\n";
}

}  // namespace narthex::query
