// SPDX-License-Identifier: Apache-2.0
// group_copy.hpp - takes over what a plugin sent through the sink: copies it, and checks what the
// ABI promises about it. Pure.
#pragma once

#include "discovery/groups.hpp"

#include <narthex/discovery.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace narthex::discovery {

// One source's new state; a null group: it is gone.
struct SourceUpdate {
  std::string source;
  GroupPtr group;
};

// All of the groups, or none: a group that breaks the contract fails the call.
Result<std::vector<SourceUpdate>> copy_groups(const nx_target_group* const* groups,
                                              std::uint32_t count);

// Whether both hold the same targets and labels, in the same order.
bool same_targets(const sdk::TargetGroup& a, const sdk::TargetGroup& b);

}  // namespace narthex::discovery
