// SPDX-License-Identifier: Apache-2.0
// groups.hpp - what discovery tells the rest of the agent: which sources of a job changed, and what
// they hold now. Plain data; groups are immutable and shared.
#pragma once

#include <narthex/sdk/discovery.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace narthex::discovery {

using GroupPtr = std::shared_ptr<const sdk::TargetGroup>;

// The state of one source from now on. A source is unique within its job; its key carries the
// instance that found it: "discovery.file#pods/0:/etc/targets/web.json:0".
struct GroupChange {
  std::string source;
  GroupPtr group;  // null: the source is gone, and its targets with it
};

// Called for one job at a time, in order, on a worker thread.
using GroupsChanged =
    std::function<void(std::string_view job, std::span<const GroupChange> changes)>;

}  // namespace narthex::discovery
