// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/family_drafts.hpp"

#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace narthex::ingest::pushgateway {

std::string FamilyDraft::add(const std::vector<Label>& labels, Part part, double bound,
                             double number) {
  choose_metric(labels);
  Metric& metric = newest();
  switch (metric.kind) {
    case FamilyType::kSummary:
      if (part == Part::kCount) {
        metric.count = std::trunc(std::max(number, 0.0));
      } else if (part == Part::kSum) {
        metric.sum = number;
      } else if (!std::isnan(bound)) {
        metric.quantiles.push_back({bound, number});
      }
      return {};
    case FamilyType::kHistogram:
      return add_to_histogram(metric, part, bound, number);
    default:
      metric.value = number;
      return {};
  }
}

void FamilyDraft::choose_metric(const std::vector<Label>& labels) {
  newest_ = family.metrics.size();
  if (kind() == FamilyType::kSummary || kind() == FamilyType::kHistogram) {
    std::vector<Label> sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    std::string key;
    for (const auto& [name, text] : sorted) {
      for (const std::string& piece : {name, text}) (key += piece) += '\xFF';
    }
    const auto [at, is_new] = by_labels_.try_emplace(std::move(key), newest_);
    newest_ = at->second;
    if (!is_new) return;
  }
  Metric& metric = family.metrics.emplace_back();
  metric.labels = labels;
  metric.has_value = true;
  metric.kind = kind();
}

std::string FamilyDraft::add_to_histogram(Metric& metric, Part part, double bound,
                                          double number) const {
  if (part == Part::kSum) {
    metric.sum = number;
    return {};
  }
  if (part == Part::kCount) {
    if (number < 0) return "negative count for histogram " + sdk::quote(family.name);
    metric.count = number;
  } else if (!std::isnan(bound)) {
    if (number < 0) return "negative bucket population for histogram " + sdk::quote(family.name);
    metric.buckets.push_back({bound, number});
  } else {
    return {};
  }
  metric.float_counts = metric.float_counts || number != std::trunc(number);
  return {};
}

FamilyDraft& FamilyDrafts::of(std::string_view name, Part& part) {
  part = Part::kValue;
  if (FamilyDraft* own = find(name)) return *own;
  for (const std::string_view suffix : {"_count", "_sum", "_bucket"}) {
    if (!name.ends_with(suffix)) continue;
    FamilyDraft* const whole = find(name.substr(0, name.size() - suffix.size()));
    if (whole == nullptr || !whole->has_type) break;
    const bool fits = whole->kind() == FamilyType::kHistogram ||
                      (whole->kind() == FamilyType::kSummary && suffix != "_bucket");
    if (!fits) break;
    part = suffix == "_count" ? Part::kCount : suffix == "_sum" ? Part::kSum : Part::kValue;
    return *whole;
  }
  numbers_.emplace(name, drafts_.size());
  drafts_.emplace_back().family.name = name;
  return drafts_.back();
}

FamilyDraft* FamilyDrafts::find(std::string_view name) {
  const auto at = numbers_.find(std::string(name));
  return at == numbers_.end() ? nullptr : &drafts_[at->second];
}

std::vector<Family> FamilyDrafts::take() {
  std::vector<Family> families;
  for (FamilyDraft& draft : drafts_) {
    if (!draft.family.metrics.empty()) families.push_back(std::move(draft.family));
  }
  return families;
}

}  // namespace narthex::ingest::pushgateway
