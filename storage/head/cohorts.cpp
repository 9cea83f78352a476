// SPDX-License-Identifier: Apache-2.0
#include "storage/head/cohorts.hpp"

#include <algorithm>

namespace narthex::storage::head {
namespace {

constexpr std::size_t kLayoutsKept = 4;
constexpr std::size_t kLooseLayoutsKept = 256;
// A group whose slots outnumber the series of a new layout by this much is mostly dead.
constexpr std::size_t kDeadFactor = 2;
constexpr std::size_t kDeadSlack = 64;

// The slot of a series in a group, or UINT32_MAX.
std::uint32_t slot_in(const Series& series, const RowGroup& group) {
  if (series.home_group == &group) return series.home_slot;
  if (series.extra() == nullptr) return UINT32_MAX;
  for (const Membership& m : series.extra()->more_groups) {
    if (m.group == &group) return m.slot;
  }
  return UINT32_MAX;
}

// Where rows of two live groups hold one series, neither can know its newest sample by itself.
void share(RowGroup* other, RowGroup& group) {
  if (other == nullptr || other == &group || !other->live) return;
  other->exclusive = false;
  group.exclusive = false;
}

void join(Series& series, RowGroup& group) {
  const Membership membership{&group, group.add_slot(series)};
  share(series.home_group, group);
  if (series.home_group == nullptr) {
    series.set_home(membership);
    return;
  }
  for (const Membership& m : series.need_extra().more_groups) share(m.group, group);
  // The live group is looked at first.
  if (!series.home_group->live) {
    series.extra()->more_groups.push_back(series.home());
    series.set_home(membership);
  } else {
    series.extra()->more_groups.push_back(membership);
  }
}

bool too_large(const RowGroup& group, std::size_t series_count) {
  return group.slots().size() > kDeadFactor * series_count + kDeadSlack;
}

// The group that no cohort writes to any more and that has most of the series, if no series of it
// is in another one: nothing newer than its rows is unknown to it then.
RowGroup* abandoned_group(const std::vector<Series*>& series) {
  const auto first = std::find_if(series.begin(), series.end(),
                                  [](const Series* s) { return s->home_group != nullptr; });
  if (first == series.end()) return nullptr;
  RowGroup* group = (*first)->home_group;
  if (group->live || !group->exclusive || too_large(*group, series.size())) return nullptr;
  const auto there = std::count_if(series.begin(), series.end(),
                                   [&](const Series* s) { return s->home_group == group; });
  if (static_cast<std::size_t>(there) * 2 < series.size()) return nullptr;
  const bool alone =
      std::all_of(group->slots().begin(), group->slots().end(), [&](const Series* s) {
        return s->home_group == group && (s->extra() == nullptr || s->extra()->more_groups.empty());
      });
  return alone ? group : nullptr;
}

void leave(Series& series, const RowGroup* group) {
  if (series.extra() != nullptr) {
    std::erase_if(series.extra()->more_groups,
                  [&](const Membership& m) { return m.group == group; });
    std::erase_if(series.extra()->tombstones, [&](const Tombstone& t) { return t.group == group; });
  }
  if (series.home_group != group) return;
  series.set_home({});
  if (series.extra() == nullptr || series.extra()->more_groups.empty()) return;
  series.set_home(series.extra()->more_groups.back());
  series.extra()->more_groups.pop_back();
}

}  // namespace

std::uint64_t Cohorts::open(std::string_view origin) {
  const std::uint64_t id = next_id_++;
  cohorts_[id].origin = origin;
  return id;
}

void Cohorts::end_group(Cohort& cohort) {
  for (const auto& layout : cohort.layouts) {
    layout->live = false;
    layouts_.erase(layout->id);
  }
  cohort.layouts.clear();
  if (cohort.group != nullptr) cohort.group->live = false;
  cohort.group = nullptr;
}

void Cohorts::close(std::uint64_t cohort) {
  const auto at = cohorts_.find(cohort);
  if (at == cohorts_.end()) return;
  end_group(at->second);
  cohorts_.erase(at);
}

RowGroup& Cohorts::group_for(Cohort& cohort, const std::vector<Series*>& series) {
  if (cohort.group != nullptr && too_large(*cohort.group, series.size())) {
    end_group(cohort);
  } else if (cohort.group == nullptr) {
    cohort.group = abandoned_group(series);
    if (cohort.group != nullptr) cohort.group->live = true;
  }
  if (cohort.group == nullptr) {
    groups_.push_back(std::make_unique<RowGroup>(next_id_++));
    cohort.group = groups_.back().get();
  }
  return *cohort.group;
}

void Cohorts::place(Layout& layout, RowGroup& group, const std::vector<Series*>& series,
                    const NewestTime& newest) {
  layout.group = &group;
  bool in_order = true;
  layout.slots.reserve(series.size());
  for (Series* s : series) {
    std::uint32_t slot = slot_in(*s, group);
    if (slot == UINT32_MAX) {
      group.foreign_t = std::max(group.foreign_t, newest(*s));
      join(*s, group);
      slot = static_cast<std::uint32_t>(group.slots().size() - 1);
    }
    in_order = in_order && slot == layout.slots.size();
    layout.slots.push_back(slot);
    layout.width = std::max(layout.width, slot + 1);
  }
  if (in_order) layout.slots = std::vector<std::uint32_t>();
}

std::shared_ptr<const Layout> Cohorts::make_layout(std::uint64_t cohort,
                                                   const std::vector<Series*>& series,
                                                   const NewestTime& newest) {
  auto layout = std::make_shared<Layout>();
  layout->cohort = cohort;
  layout->ids.reserve(series.size());
  for (const Series* s : series) layout->ids.push_back(s->id());
  const auto owner = cohorts_.find(cohort);
  if (owner != cohorts_.end()) {
    place(*layout, group_for(owner->second, series), series, newest);
  }
  layout->id = next_id_++;
  layouts_[layout->id] = layout;
  auto& kept = owner != cohorts_.end() ? owner->second.layouts : loose_layouts_;
  kept.push_back(layout);
  if (kept.size() > (owner != cohorts_.end() ? kLayoutsKept : kLooseLayoutsKept)) {
    kept.front()->live = false;
    layouts_.erase(kept.front()->id);
    kept.pop_front();
  }
  return layout;
}

std::shared_ptr<const Layout> Cohorts::find_layout(std::uint64_t id) const {
  const auto at = layouts_.find(id);
  return at == layouts_.end() ? nullptr : at->second;
}

std::int64_t Cohorts::drop_empty_groups(index::Epochs& epochs) {
  std::int64_t freed = 0;
  for (auto& group : groups_) {
    if (group->live || !group->empty()) continue;
    for (Series* series : group->slots()) leave(*series, group.get());
    group->forget_slots();
    const std::size_t bytes = group->bytes();
    epochs.retire(group.release(), bytes);
  }
  std::erase_if(groups_, [](const auto& group) { return group == nullptr; });
  return -freed;
}

}  // namespace narthex::storage::head
