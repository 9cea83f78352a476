// SPDX-License-Identifier: Apache-2.0
#include "scrape/metrics.hpp"

#include "document/document.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace narthex::scrape {
namespace {

constexpr char kLengthName[] = "prometheus_target_interval_length_seconds";
constexpr char kLengthHelp[] = "Actual intervals between scrapes.";

}  // namespace

void IntervalLengths::observe(double seconds) {
  const std::lock_guard lock(mutex_);
  recent_[count_ % recent_.size()] = static_cast<float>(seconds);
  ++count_;
  sum_ += seconds;
}

void IntervalLengths::gather(telemetry::Gathering& out, const std::string& interval) const {
  std::vector<float> sorted;
  double sum = 0;
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t known = std::min<std::size_t>(count_, recent_.size());
    sorted.assign(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(known));
    sum = sum_;
    count = count_;
  }
  if (count == 0) return;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [text, q] :
       {std::pair{"0.01", 0.01}, {"0.05", 0.05}, {"0.5", 0.5}, {"0.9", 0.9}, {"0.99", 0.99}}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    const double value = sorted[std::max<std::size_t>(rank, 1) - 1];
    out.gauge(kLengthName, kLengthHelp, {{"interval", interval}, {"quantile", text}}, value);
  }
  const Labels labels{{"interval", interval}};
  out.counter(std::string(kLengthName) + "_sum", kLengthHelp, labels, sum);
  out.counter(std::string(kLengthName) + "_count", kLengthHelp, labels, static_cast<double>(count));
}

ScrapeMetrics::ScrapeMetrics(telemetry::Registry& r)
    : registry(r),
      pools(r.counter("prometheus_target_scrape_pools_total",
                      "Total number of scrape pool creation attempts.")),
      pools_failed(r.counter("prometheus_target_scrape_pools_failed_total",
                             "Total number of scrape pool creations that failed.")),
      pool_reloads(r.counter("prometheus_target_scrape_pool_reloads_total",
                             "Total number of scrape pool reloads.")),
      pool_reloads_failed(r.counter("prometheus_target_scrape_pool_reloads_failed_total",
                                    "Total number of failed scrape pool reloads.")),
      over_target_limit(
          r.counter("prometheus_target_scrape_pool_exceeded_target_limit_total",
                    "Total number of times scrape pools hit the target limit, during sync or "
                    "config reload.")),
      over_label_limits(
          r.counter("prometheus_target_scrape_pool_exceeded_label_limits_total",
                    "Total number of times scrape pools hit the label limits, during sync or "
                    "config reload.")),
      over_body_size_limit(r.counter("prometheus_target_scrapes_exceeded_body_size_limit_total",
                                     "Total number of scrapes that hit the body size limit")),
      over_sample_limit(
          r.counter("prometheus_target_scrapes_exceeded_sample_limit_total",
                    "Total number of scrapes that hit the sample limit and were rejected.")),
      over_bucket_limit(
          r.counter("prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total",
                    "Total number of scrapes that hit the native histogram bucket limit and were "
                    "rejected.")),
      out_of_order(r.counter("prometheus_target_scrapes_sample_out_of_order_total",
                             "Total number of samples rejected due to not being out of the "
                             "expected order.")),
      out_of_bounds(r.counter("prometheus_target_scrapes_sample_out_of_bounds_total",
                              "Total number of samples rejected due to timestamp falling outside "
                              "of the time bounds.")),
      duplicate_timestamp(
          r.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total",
                    "Total number of samples rejected due to duplicate timestamps but different "
                    "values.")),
      exemplar_out_of_order(r.counter("prometheus_target_scrapes_exemplar_out_of_order_total",
                                      "Total number of exemplar rejected due to not being out of "
                                      "the expected order.")),
      refused(r.counter("narthex_scrape_samples_refused_total",
                        "Samples that the storage refused for other reasons.")),
      store_failures(
          r.counter("narthex_scrape_store_failures_total", "Scrapes that could not be stored.")) {
  gather_ = r.on_gather([this](telemetry::Gathering& out) {
    const std::lock_guard lock(mutex_);
    for (const auto& [interval_ms, lengths] : lengths_) {
      lengths.gather(out, document::format_duration_ms(interval_ms));
    }
  });
}

IntervalLengths& ScrapeMetrics::interval_lengths(std::int64_t interval_ms) {
  const std::lock_guard lock(mutex_);
  return lengths_[interval_ms];
}

}  // namespace narthex::scrape
