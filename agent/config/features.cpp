// SPDX-License-Identifier: Apache-2.0
#include "config/features.hpp"

#include <algorithm>

namespace narthex::config {

namespace {

constexpr Feature kFeatures[] = {
    {"extra-scrape-metrics", FeatureState::kWorks},
    {"native-histograms", FeatureState::kWorks},
    {"promql-experimental-functions", FeatureState::kWorks},
    {"promql-per-step-stats", FeatureState::kWorks},
    {"promql-delayed-name-removal", FeatureState::kWorks},
    {"promql-duration-expr", FeatureState::kWorks},
    {"promql-extended-range-selectors", FeatureState::kWorks},
    {"promql-binop-fill-modifiers", FeatureState::kWorks},
    {"type-and-unit-labels", FeatureState::kWorks},
    {"auto-reload-config", FeatureState::kNothing},
    {"exemplar-storage", FeatureState::kAlways},
    {"expand-external-labels", FeatureState::kAlways},
    {"new-service-discovery-manager", FeatureState::kAlways},
    {"no-default-scrape-port", FeatureState::kAlways},
    {"ooo-native-histograms", FeatureState::kAlways},
    {"promql-at-modifier", FeatureState::kAlways},
    {"promql-negative-offset", FeatureState::kAlways},
    {"metadata-wal-records", FeatureState::kAlways},
    {"auto-gomaxprocs", FeatureState::kNothing},
    {"auto-gomemlimit", FeatureState::kNothing},
    {"concurrent-rule-eval", FeatureState::kNothing},
    {"created-timestamp-zero-ingestion", FeatureState::kWorks},
    {"delayed-compaction", FeatureState::kNothing},
    {"fast-startup", FeatureState::kNothing},
    {"histograms-st-encoding", FeatureState::kNothing},
    {"memory-snapshot-on-shutdown", FeatureState::kNothing},
    {"old-ui", FeatureState::kNothing},
    {"otlp-deltatocumulative", FeatureState::kWorks},
    {"otlp-native-delta-ingestion", FeatureState::kWorks},
    {"remote-write-receiver", FeatureState::kNothing},
    {"search-api", FeatureState::kNothing},
    {"st-storage", FeatureState::kNothing},
    {"st-synthesis", FeatureState::kNothing},
    {"use-start-timestamps", FeatureState::kNothing},
    {"use-uncached-io", FeatureState::kNothing},
    {"xor2-encoding", FeatureState::kNothing},
};

}  // namespace

std::span<const Feature> known_features() { return kFeatures; }

void add_features(std::string_view list, std::vector<std::string>& out) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string name(list.substr(0, comma));
    if (!name.empty() && !has_feature(out, name)) out.push_back(name);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

bool has_feature(const std::vector<std::string>& features, std::string_view name) {
  return std::find(features.begin(), features.end(), name) != features.end();
}

std::string feature_warning(std::string_view name) {
  for (const Feature& feature : kFeatures) {
    if (feature.name != name) continue;
    if (feature.state != FeatureState::kNothing) return {};
    return "--enable-feature=" + std::string(name) + " has no meaning here and changes nothing";
  }
  return "--enable-feature=" + std::string(name) + ": unknown feature name, it changes nothing";
}

}  // namespace narthex::config
