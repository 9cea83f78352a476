// SPDX-License-Identifier: Apache-2.0
#include "discovery/group_copy.hpp"

#include <cstddef>
#include <utility>

namespace narthex::discovery {
namespace {

// The part of the struct that every host knows; a plugin of a later minor sends more.
constexpr std::size_t kGroupSize = offsetof(nx_target_group, target_count) + sizeof(std::uint32_t);

Labels copy_labels(const nx_label* labels, std::uint64_t count) {
  Labels out;
  for (std::uint64_t i = 0; i < count; ++i) out.set(view(labels[i].name), view(labels[i].value));
  return out;
}

Status broken(std::uint32_t index, const char* what) {
  return invalid_argument("target group " + std::to_string(index) + ": " + what);
}

Result<SourceUpdate> copy_group(const nx_target_group* group, std::uint32_t index) {
  if (group == nullptr || group->struct_size < kGroupSize) return broken(index, "no such struct");
  if (group->label_count != 0 && group->labels == nullptr) return broken(index, "labels missing");
  SourceUpdate update{std::string(view(group->source)), nullptr};
  if (group->target_count == 0) return update;
  if (group->targets == nullptr) return broken(index, "targets missing");
  auto copy = std::make_shared<sdk::TargetGroup>();
  copy->source = update.source;
  copy->labels = copy_labels(group->labels, group->label_count);
  copy->targets.reserve(group->target_count);
  for (std::uint32_t t = 0; t < group->target_count; ++t) {
    const nx_target& target = group->targets[t];
    if (target.label_count != 0 && target.labels == nullptr) {
      return broken(index, "labels of a target missing");
    }
    copy->targets.push_back(copy_labels(target.labels, target.label_count));
  }
  update.group = std::move(copy);
  return update;
}

}  // namespace

Result<std::vector<SourceUpdate>> copy_groups(const nx_target_group* const* groups,
                                              std::uint32_t count) {
  if (count != 0 && groups == nullptr) return invalid_argument("target groups missing");
  std::vector<SourceUpdate> updates;
  updates.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Result<SourceUpdate> update = copy_group(groups[i], i);
    if (!update.ok()) return update.status();
    updates.push_back(*std::move(update));
  }
  return updates;
}

bool same_targets(const sdk::TargetGroup& a, const sdk::TargetGroup& b) {
  return a.labels == b.labels && a.targets == b.targets;
}

}  // namespace narthex::discovery
