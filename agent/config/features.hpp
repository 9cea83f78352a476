// SPDX-License-Identifier: Apache-2.0
// features.hpp - the names --enable-feature knows, and which of them do something here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::config {

enum class FeatureState {
  kWorks,    // switches something on
  kAlways,   // what it switches on is always on here
  kNothing,  // of Prometheus's storage or runtime: without meaning here
};
struct Feature {
  std::string_view name;
  FeatureState state;
};
std::span<const Feature> known_features();

// "a,b" and repeated flags -> names, in order, unique.
void add_features(std::string_view list, std::vector<std::string>& out);
bool has_feature(const std::vector<std::string>& features, std::string_view name);
// What to tell the user about a name; empty: nothing.
std::string feature_warning(std::string_view name);

}  // namespace narthex::config
