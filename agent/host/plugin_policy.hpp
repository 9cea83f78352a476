// SPDX-License-Identifier: Apache-2.0
// plugin_policy.hpp - what the configuration says about plugins as such: [plugins] and
// [plugins.settings."<id>"]. Plain data.
#pragma once

#include "host/crash_journal.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace narthex::host {

// For all instances of one plugin.
struct PluginSettings {
  bool isolated = false;             // isolation = "process"
  std::uint64_t memory_max = 0;      // address space of its process in bytes; 0: no limit
  std::int64_t cpu_max_ms = 0;       // CPU time of a life of its process; 0: no limit
  std::uint64_t open_files_max = 0;  // descriptors; 0: the agent's limit
  friend bool operator==(const PluginSettings&, const PluginSettings&) = default;
};

struct PluginPolicy {
  QuarantinePolicy quarantine;
  std::map<std::string, PluginSettings, std::less<>> settings;  // by plugin id
};

}  // namespace narthex::host
