// SPDX-License-Identifier: Apache-2.0
// sample_rules.hpp - what a job does to the series of its targets: target labels, honor_labels,
// metric relabeling, limits, names. Only series that are not known yet come here. Immutable and
// thread-safe.
#pragma once

#include "relabel/relabel.hpp"
#include "scrape/histogram_fit.hpp"
#include "scrape/options.hpp"

#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace narthex::scrape {

// Owns label text that had to be made. Views into it stay good until clear().
class LabelArena {
 public:
  nx_str keep(std::string text) { return to_nx(texts_.emplace_back(std::move(text))); }
  const Labels& keep(Labels labels) { return sets_.emplace_back(std::move(labels)); }
  void clear() {
    texts_.clear();
    sets_.clear();
  }

 private:
  std::deque<std::string> texts_;
  std::deque<Labels> sets_;
};

// The options of a job as far as they concern samples.
struct SampleOptions {
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool legacy_names = false;  // metric_name_validation_scheme
  bool extra_metrics = false;
  bool start_zeros = false;  // created-timestamp-zero-ingestion
  LimitOptions limits;
  std::vector<relabel::RuleOptions> metric_relabel;
  friend bool operator==(const SampleOptions&, const SampleOptions&) = default;
};

class SampleRules {
 public:
  static Result<std::shared_ptr<const SampleRules>> compile(SampleOptions options);

  const SampleOptions& options() const { return options_; }
  bool relabels() const { return !relabeling_.empty(); }
  // Native histograms are stored no finer than that.
  std::int32_t max_schema() const { return max_schema_; }
  // Whether two rules give every series the same labels.
  bool same_labels(const SampleRules& other) const;

  enum class Verdict { kKeep, kDrop };
  // The labels that a series is stored under are appended to `out`, sorted, without empty values.
  // `exposed` is sorted and may have empty values, which hold a target's label off when labels are
  // honored. A failure fails the scrape.
  Result<Verdict> apply(std::span<const nx_label> exposed, const Labels& target, LabelArena& arena,
                        std::vector<nx_label>& out) const;

 private:
  SampleRules(SampleOptions options, relabel::Program relabeling)
      : options_(std::move(options)),
        relabeling_(std::move(relabeling)),
        max_schema_(scrape::max_schema(options_.limits.native_histogram_min_bucket_factor)) {}
  void merge(std::span<const nx_label> exposed, const Labels& target, LabelArena& arena,
             std::vector<nx_label>& out) const;
  Status check_names(std::span<const nx_label> labels) const;
  Status check_limits(std::span<const nx_label> labels) const;

  SampleOptions options_;
  relabel::Program relabeling_;
  std::int32_t max_schema_;
};

// A failure of check_limits: so that it can be counted.
bool is_label_limit(const Status& status);

}  // namespace narthex::scrape
