// SPDX-License-Identifier: Apache-2.0
#include "scrape/report_series.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace narthex::scrape {
namespace {

constexpr std::string_view kReport[] = {"up",
                                        "scrape_duration_seconds",
                                        "scrape_samples_scraped",
                                        "scrape_samples_post_metric_relabeling",
                                        "scrape_series_added",
                                        "scrape_timeout_seconds",
                                        "scrape_sample_limit",
                                        "scrape_body_size_bytes"};
constexpr std::size_t kReportPlain = 5;  // the rest are extra metrics

std::size_t report_size(bool extra_metrics) {
  return extra_metrics ? std::size(kReport) : kReportPlain;
}

}  // namespace

bool ReportSeries::resolved(bool extra_metrics) const {
  return refs_.size() == report_size(extra_metrics);
}

Status ReportSeries::resolve(store::Appender& appender, const Labels& target, bool extra_metrics,
                             Workbench& bench) {
  const std::size_t wanted = report_size(extra_metrics);
  bench.table.clear();
  for (std::size_t i = 0; i < wanted; ++i) {
    auto& pairs = bench.table.pairs();
    pairs.push_back({to_nx(kMetricName), to_nx(kReport[i])});
    for (const auto& [name, value] : target) {
      if (name != kMetricName) pairs.push_back({to_nx(name), to_nx(value)});
    }
    (void)bench.table.end_series();
  }
  std::vector<std::uint64_t> refs(wanted);
  bench.codes.assign(wanted, NX_ROW_OK);
  const Status status = appender.resolve(bench.table.table(), refs, bench.codes);
  if (!status.ok()) return status;
  if (std::count(refs.begin(), refs.end(), 0) != 0) {
    return {NX_ERR_EXHAUSTED, "the storage refused the report series"};
  }
  refs_ = std::move(refs);
  return {};
}

void ReportSeries::push(const ReportValues& report, std::int64_t t_ms, RowColumns& rows) const {
  const double values[] = {report.up ? 1.0 : 0.0,
                           report.duration_s,
                           static_cast<double>(report.scraped),
                           static_cast<double>(report.kept),
                           static_cast<double>(report.added),
                           report.timeout_s,
                           static_cast<double>(report.sample_limit),
                           static_cast<double>(report.body_bytes)};
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    rows.refs.push_back(refs_[i]);
    rows.values.push_back(values[i]);
    if (!rows.times.empty()) rows.times.push_back(t_ms);
    if (!rows.histogram_at.empty()) rows.histogram_at.push_back(NX_NONE);
  }
}

}  // namespace narthex::scrape
