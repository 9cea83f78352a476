// SPDX-License-Identifier: Apache-2.0
// static_discovery.hpp - the groups of static_configs: sent once, source "0", "1", ... in their
// order.
#pragma once

#include <narthex/sdk/discovery.hpp>
#include <narthex/sdk/target_list.hpp>

#include <string_view>
#include <vector>

namespace narthex::static_discovery {

class StaticDiscovery {
 public:
  static constexpr std::string_view kName = "static";
  static constexpr std::string_view kSummary = "Targets listed in the configuration";
  static constexpr std::uint32_t kDefaultIntervalMs = 0;  // once

  struct Options {
    const nx_value* groups = nullptr;
  };
  static constexpr sdk::OptionRow<Options> kOptions[] = {
      {"groups",
       &Options::groups,
       sdk::required,
       "Groups of targets with labels in common.",
       {},
       R"("type": "array", "examples": [[{"targets": ["127.0.0.1:9100"]}]])"},
  };

  StaticDiscovery(sdk::Host, Options options) : options_(options) {}

  static Status validate(sdk::Host host, const Options& options, sdk::Value) {
    const sdk::Value list(options.groups);
    const auto groups = sdk::read_target_groups(list, sdk::Scalars::kAnyKind);
    return groups.ok() ? Status() : host.config_error(list, groups.status().message());
  }

  Status refresh(sdk::DiscoverySink& sink) const {
    const auto groups =
        sdk::read_target_groups(sdk::Value(options_.groups), sdk::Scalars::kAnyKind);
    return groups.ok() ? sink.update(*groups) : groups.status();
  }

 private:
  const Options options_;
};

}  // namespace narthex::static_discovery
