// SPDX-License-Identifier: Apache-2.0
// The answers of queries: whole and in pieces, and what failures become.
#include "api/query_job.hpp"
#include "api/result_json.hpp"

#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

using namespace narthex;
using promql::ErrorKind;

namespace {

std::shared_ptr<api::QueryAnswer> matrix(std::size_t series, std::size_t samples, bool histograms) {
  static const nx_histogram histogram = [] {
    nx_histogram h{};
    h.is_float = 1;
    h.count.f = 3;
    h.sum = 4;
    return h;
  }();
  auto answer = std::make_shared<api::QueryAnswer>();
  promql::QueryResult& result = answer->result;
  result.labels = std::make_shared<promql::LabelStore>();
  result.type = promql::ValueType::kMatrix;
  for (std::size_t s = 0; s < series; ++s) {
    const promql::LabelPair pair{result.labels->intern("s"),
                                 result.labels->intern(std::to_string(s))};
    promql::ResultColumns& of = result.columns.emplace_back();
    for (std::size_t i = 0; i < samples; ++i) {
      of.t_ms.push_back(static_cast<std::int64_t>(i) * 1500);
      of.v.push_back(static_cast<double>(i));
      if (histograms) of.h.push_back(i % 3 == 0 ? &histogram : nullptr);
    }
    result.series.push_back({result.labels->add({&pair, 1}), of.t_ms, of.v, of.h});
  }
  answer->tail = "}}";
  return answer;
}

std::string whole(const api::QueryAnswer& answer) {
  api::ResultEncoder encoder(answer.result);
  std::string out = R"({"status":"success","data":)";
  encoder.begin(out);
  for (const auto& series : answer.result.series) {
    if (&series != &answer.result.series.front()) out += ',';
    encoder.append_series(out, series);
  }
  encoder.end(out);
  return out + answer.tail;
}

}  // namespace

TEST_CASE("an answer in pieces is the answer as a whole, and no piece is large", "[api]") {
  for (const auto& [series, samples] :
       {std::pair<std::size_t, std::size_t>{0, 0}, {1, 1}, {1, 60'000}, {3, 20'000}, {4000, 3}}) {
    for (const bool histograms : {false, true}) {
      // Every other piece is written ahead, where anybody has the time for it.
      for (const bool idle : {false, true}) {
        test::ManualExecutor executor;
        const auto answer = matrix(series, samples, histograms);
        const net::Response response = api::query_response(answer, executor);
        CHECK(response.status == 200);
        std::string all;
        std::size_t pieces = 0;
        for (bool more = true; more; ++pieces) {
          std::string piece;
          more = response.produce(piece);
          if (idle) executor.run_ready();
          CHECK(piece.size() < (140 << 10));
          all += piece;
        }
        CHECK(all == whole(*answer));
        CHECK(pieces >= all.size() / (66 << 10));
        CHECK(pieces <= 2 + all.size() / (8 << 10));
      }
    }
  }
}

TEST_CASE("an answer that nobody wants any more is let go of", "[api]") {
  test::ManualExecutor executor;
  const auto answer = matrix(3, 20'000, false);
  {
    const net::Response response = api::query_response(answer, executor);
    std::string piece;
    REQUIRE(response.produce(piece));
  }
  executor.run_ready();  // the task comes too late
  CHECK(answer.use_count() == 1);
}

TEST_CASE("the errors of queries have Prometheus's types and statuses", "[api]") {
  const auto body = [](ErrorKind kind, int status) {
    const net::Response r = api::query_failure({kind, "text"});
    CHECK(r.status == status);
    return r.body;
  };
  CHECK(body(ErrorKind::kTimeout, 503) ==
        R"({"status":"error","errorType":"timeout","error":"text"})");
  CHECK(body(ErrorKind::kCanceled, 499) ==
        R"({"status":"error","errorType":"canceled","error":"text"})");
  CHECK(body(ErrorKind::kExecution, 422) ==
        R"({"status":"error","errorType":"execution","error":"text"})");
  CHECK(body(ErrorKind::kBadData, 400) ==
        R"({"status":"error","errorType":"bad_data","error":"text"})");
  CHECK(body(ErrorKind::kInternal, 500) ==
        R"({"status":"error","errorType":"internal","error":"text"})");
  // Ours: too many wait. Who comes back later may have more luck.
  CHECK(body(ErrorKind::kUnavailable, 503) ==
        R"({"status":"error","errorType":"unavailable","error":"text"})");
  CHECK(net::has(api::query_failure({ErrorKind::kUnavailable, ""}).headers, "Retry-After"));
}
