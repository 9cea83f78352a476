// SPDX-License-Identifier: Apache-2.0
// The JSON of statistics and of the query log. Expected lines are what Prometheus 3.5.3 wrote for
// such queries, but for the times that things took.
#include "query/report.hpp"

#include <catch2/catch.hpp>

using namespace narthex;

namespace {

query::Report some_report() {
  query::Report report;
  report.timings = {27'111, 52'478, 1'252};
  report.queued_ns = 75'232;
  report.run_ns = 106'720;
  report.samples = {3, 6, {}};
  return report;
}

query::Request some_request() {
  query::Request request;
  request.text = "max_over_time(up[4s:1s])";
  request.start_ms = 1'795'892'431'000;
  request.end_ms = 1'795'892'435'000;
  request.step_ms = 1000;
  request.client = "127.0.0.1";
  request.method = "GET";
  request.path = "/api/v1/query_range";
  return request;
}

constexpr const char* kTimings =
    R"("timings":{"evalTotalTime":0.000080841,"resultSortTime":0.000001252,)"
    R"("queryPreparationTime":0.000027111,"innerEvalTime":0.000052478,)"
    R"("execQueueTime":0.000075232,"execTotalTime":0.00010672})";

}  // namespace

TEST_CASE("statistics have Prometheus's fields in its order", "[query]") {
  CHECK(query::stats_json(some_report(), some_request()) ==
        std::string("{") + kTimings + R"(,"samples":{"totalQueryableSamples":3,"peakSamples":6}})");
}

TEST_CASE("samples by step carry the times of the steps", "[query]") {
  query::Report report = some_report();
  report.samples.by_step = {0, 0, 0, 1, 2};
  const std::string all = query::stats_json(report, some_request());
  CHECK(all.find(R"("samples":{"totalQueryableSamplesPerStep":[[1795892431,0],[1795892432,0],)"
                 R"([1795892433,0],[1795892434,1],[1795892435,2]],"totalQueryableSamples":3,)") !=
        std::string::npos);
  query::Request instant = some_request();
  instant.start_ms = instant.end_ms = 1'795'892'435'922;
  instant.step_ms = 0;
  report.samples.by_step = {1};
  CHECK(query::stats_json(report, instant).find("PerStep\":[[1795892435.922,1]]") !=
        std::string::npos);
}

TEST_CASE("a plan is a tree of operators behind the rest", "[query]") {
  auto root = std::make_shared<promql::PlanNode>();
  auto& sum = *root->children.emplace_back(std::make_unique<promql::PlanNode>());
  sum.operation = "sum";
  sum.expression = "sum(up)";
  sum.time_ns = 1'500'000;
  auto& select = *sum.children.emplace_back(std::make_unique<promql::PlanNode>());
  select.operation = "select";
  select.expression = "up{a=\"b\"}";
  select.samples = 7;
  select.series = 2;
  select.values = 7;
  query::Report report = some_report();
  report.plan = root;
  report.memory_peak = 4096;
  const std::string json = query::stats_json(report, some_request());
  CHECK(json.ends_with(
      R"x(,"memory":{"peakBytes":4096},"plan":[{"operation":"sum","expression":"sum(up)",)x"
      R"x("time":0.0015,"samples":0,"series":0,"values":0,"children":[{"operation":"select",)x"
      R"x("expression":"up{a=\"b\"}","time":0,"samples":7,"series":2,"values":7,"children":[]}]}])x"
      "}"));
}

TEST_CASE("a line of the query log", "[query]") {
  const std::string line = query::log_line(some_report(), some_request(), 1'795'892'436'036);
  CHECK(line ==
        std::string(R"({"time":"2026-11-28T19:00:36.036Z","level":"INFO","source":"narthex",)"
                    R"("msg":"promql query logged","params":{"end":"2026-11-28T19:00:35.000Z",)"
                    R"x("query":"max_over_time(up[4s:1s])","start":"2026-11-28T19:00:31.000Z",)x"
                    R"("step":1},"stats":{)") +
            kTimings +
            R"(,"samples":{"totalQueryableSamples":3,"peakSamples":6}},)"
            R"("spanID":"0000000000000000","httpRequest":{"clientIP":"127.0.0.1","method":"GET",)"
            R"("path":"/api/v1/query_range"}})"
            "\n");
}

TEST_CASE("a failed query and a hostile text make one sound line", "[query]") {
  query::Report report = some_report();
  report.error = {promql::ErrorKind::kTimeout, "query timed out in query queue"};
  query::Request request = some_request();
  request.text = "up{a=\"\n\xFF\"}";
  request.method.clear();
  const std::string line = query::log_line(report, request, 0);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find(R"("query":"up{a=\"\n)"
                  "\xEF\xBF\xBD"
                  R"(\"}")") != std::string::npos);
  CHECK(line.find(R"("step":1},"error":"query timed out in query queue","stats":)") !=
        std::string::npos);
  CHECK(line.find("httpRequest") == std::string::npos);
}
