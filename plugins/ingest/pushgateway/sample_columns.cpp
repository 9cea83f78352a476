// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/sample_columns.hpp"

#include <narthex/sdk/decimal.hpp>

#include <limits>
#include <set>
#include <string>

namespace narthex::ingest::pushgateway {
namespace {

std::uint32_t type_for_storage(FamilyType type) {
  constexpr std::uint32_t kTypes[kFamilyTypeCount] = {NX_TYPE_COUNTER,   NX_TYPE_GAUGE,
                                                      NX_TYPE_SUMMARY,   NX_TYPE_UNKNOWN,
                                                      NX_TYPE_HISTOGRAM, NX_TYPE_GAUGEHISTOGRAM};
  return kTypes[static_cast<std::uint8_t>(type)];
}

template <class T>
std::uint32_t count_of(const std::vector<T>& list) {
  return static_cast<std::uint32_t>(list.size());
}

nx_histogram native_histogram(const Metric& metric) {
  const NativeBuckets& n = *metric.native;
  nx_histogram h{};
  h.schema = n.schema;
  h.is_float = n.is_float ? 1 : 0;
  h.zero_threshold = n.zero_threshold;
  h.sum = metric.sum;
  h.pos_span_count = count_of(n.positive_spans);
  h.pos_spans = n.positive_spans.data();
  h.neg_span_count = count_of(n.negative_spans);
  h.neg_spans = n.negative_spans.data();
  if (n.is_float) {
    h.zero_count.f = n.zero_count;
    h.count.f = metric.count;
    h.pos_bucket_count = count_of(n.positive_counts);
    h.pos.counts = n.positive_counts.data();
    h.neg_bucket_count = count_of(n.negative_counts);
    h.neg.counts = n.negative_counts.data();
  } else {
    h.zero_count.u = static_cast<std::uint64_t>(n.zero_count);
    h.count.u = static_cast<std::uint64_t>(metric.count);
    h.pos_bucket_count = count_of(n.positive_deltas);
    h.pos.deltas = n.positive_deltas.data();
    h.neg_bucket_count = count_of(n.negative_deltas);
    h.neg.deltas = n.negative_deltas.data();
  }
  return h;
}

}  // namespace

SampleColumns::SampleColumns(const std::vector<GroupRef>& groups) : groups_(groups) {
  std::set<std::string_view> described;
  for (const GroupRef& group : groups_) {
    for (const auto& [name, timed] : group->families) {
      const Family& family = *timed.family;
      if (family.metrics.empty()) continue;
      if (described.insert(family.name).second) {
        list_.describe(family.name, type_for_storage(family.type), family.help);
      }
      add_family(family);
    }
  }
}

void SampleColumns::add_family(const Family& family) {
  for (const Metric& metric : family.metrics) add_metric(family.name, metric);
}

void SampleColumns::add_metric(std::string_view name, const Metric& metric) {
  switch (metric.kind) {
    case FamilyType::kSummary:
      for (const Quantile& q : metric.quantiles) {
        add(name, "", metric, q.value, "quantile", sdk::format_label_number(q.quantile));
      }
      break;
    case FamilyType::kHistogram:
      if (metric.native != nullptr) add_native(name, metric);
      if (metric.native != nullptr && metric.buckets.empty()) return;
      add_buckets(name, metric);
      break;
    default:
      add(name, "", metric, metric.value);
      return;
  }
  add(name, "_sum", metric, metric.sum);
  add(name, "_count", metric, metric.count);
}

void SampleColumns::add_buckets(std::string_view name, const Metric& metric) {
  bool has_infinity = false;
  for (const Bucket& b : metric.buckets) {
    add(name, "_bucket", metric, b.cumulative_count, "le", sdk::format_label_number(b.upper_bound));
    has_infinity = has_infinity || b.upper_bound == std::numeric_limits<double>::infinity();
  }
  if (!has_infinity) add(name, "_bucket", metric, metric.count, "le", "+Inf");
}

void SampleColumns::add_native(std::string_view name, const Metric& metric) {
  add(name, "", metric, 0);
  native_.back() = count_of(histograms_);
  histograms_.push_back(native_histogram(metric));
}

void SampleColumns::add(std::string_view name, std::string_view suffix, const Metric& metric,
                        double value, std::string_view bound_name, std::string_view bound) {
  std::vector<sdk::LabelView> labels(metric.labels.begin(), metric.labels.end());
  if (!bound_name.empty()) labels.emplace_back(bound_name, bound);
  list_.add(std::string(name) + std::string(suffix), labels);
  values_.push_back(value);
  native_.push_back(NX_NONE);
}

nx_sample_batch SampleColumns::batch(const std::int64_t* t, const std::uint64_t* refs) const {
  nx_sample_batch batch{};
  batch.struct_size = sizeof batch;
  batch.flags = NX_BATCH_ONE_T;
  batch.rows = values_.size();
  batch.ref = refs;
  batch.t = t;
  batch.v = values_.data();
  if (!histograms_.empty()) {
    batch.h = native_.data();
    batch.hists = histograms_.data();
    batch.hist_count = count_of(histograms_);
  }
  return batch;
}

}  // namespace narthex::ingest::pushgateway
