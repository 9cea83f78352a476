// SPDX-License-Identifier: Apache-2.0
// target.hpp - what is scraped: made from a job's options, a group's labels and a target's labels
// as Prometheus's PopulateLabels does it. Target and TargetRules are immutable and thread-safe.
#pragma once

#include "relabel/relabel.hpp"
#include "scrape/options.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace narthex::scrape {

// Only what a scrape needs is kept: labels that begin with "__" have done their work in url,
// interval and timeout. Two targets are the same when all their labels and their URLs are.
struct Target {
  Labels labels;  // what every sample gets: job, instance, ...; never names that begin with "__"
  std::string url;
  std::uint64_t hash = 0;  // of all labels, "__" ones included, and the URL; equal: the same target
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;
};
using TargetPtr = std::shared_ptr<const Target>;

// What a job does to the targets that were discovered for it.
class TargetRules {
 public:
  // Fails on relabeling rules that do not compile.
  static Result<std::shared_ptr<const TargetRules>> compile(const JobOptions& options);

  // The labels before relabeling: the target's, the group's, and the job's where they are not set.
  Labels discovered(const Labels& target, const Labels& group) const;
  // A null pointer: relabeling dropped it. A failure: the result of relabeling is no target.
  Result<TargetPtr> make(const Labels& target, const Labels& group) const;

  const std::string& job() const { return job_; }
  const LimitOptions& limits() const { return limits_; }
  // For the page that shows relabeling step by step.
  const relabel::Program& relabeling() const { return relabeling_; }

 private:
  Result<TargetPtr> finish(Labels labels) const;
  std::string url_of(const Labels& labels) const;

  std::string job_;
  Labels defaults_;     // job, __scheme__, __metrics_path__, __scrape_interval__, __param_*, ...
  net::Params params_;  // sorted by name, several values in the order given
  LimitOptions limits_;
  relabel::Program relabeling_;
};

}  // namespace narthex::scrape
