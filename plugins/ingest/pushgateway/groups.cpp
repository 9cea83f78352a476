// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/groups.hpp"

#include "plugins/ingest/pushgateway/consistency.hpp"

#include <narthex/sdk/quote.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace narthex::ingest::pushgateway {
namespace {

TimedFamily time_family(std::string_view name, const GroupingKey& key, double seconds,
                        std::int64_t now_ms) {
  auto family = std::make_shared<Family>();
  family->name = name;
  family->help = name == kPushTime
                     ? "Last Unix time when changing this group in the Pushgateway succeeded."
                     : "Last Unix time when changing this group in the Pushgateway failed.";
  family->type = FamilyType::kGauge;
  Metric& metric = family->metrics.emplace_back();
  metric.has_value = true;
  metric.kind = FamilyType::kGauge;
  metric.value = seconds;
  bring_into_group(*family, key);
  return {now_ms, std::move(family)};
}

double seconds_of(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

double value_of(const Group& group, std::string_view name) {
  const auto at = group.families.find(name);
  return at == group.families.end() ? 0 : at->second.family->metrics.front().value;
}

bool has_parts(FamilyType type) {
  const FamilyType kind = kind_of(type);
  return kind == FamilyType::kSummary || kind == FamilyType::kHistogram;
}

// The suffixes under which a family has samples beside its own name.
std::vector<std::string_view> suffixes_of(FamilyType type) {
  switch (kind_of(type)) {
    case FamilyType::kSummary:
      return {"_count", "_sum"};
    case FamilyType::kHistogram:
      return {"_count", "_sum", "_bucket"};
    default:
      return {};
  }
}

std::string lower_name(FamilyType type) {
  return kind_of(type) == FamilyType::kSummary ? "summary" : "histogram";
}

Status twice(const Family& family, const Metric& metric) {
  return invalid_data(describe_metric(family.name, metric) +
                      " was collected before with the same name and label values");
}

Status check_timestamps(const std::vector<Family>& families) {
  for (const Family& family : families) {
    for (const Metric& metric : family.metrics) {
      if (metric.has_timestamp) return invalid_data("pushed metrics must not have timestamps");
    }
  }
  return {};
}

}  // namespace

bool Group::last_push_worked() const {
  return value_of(*this, kPushTime) > value_of(*this, kPushFailureTime);
}

Result<std::shared_ptr<Group>> Groups::draft(const GroupingKey& key, GroupRef& before) {
  const auto at = groups_.find(key);
  if (at != groups_.end()) {
    before = at->second;
    return std::make_shared<Group>(*before);
  }
  if (groups_.size() >= groups_max_) {
    return Status(NX_ERR_EXHAUSTED, "there are " + std::to_string(groups_max_) +
                                        " groups already, which is the limit");
  }
  auto fresh = std::make_shared<Group>();
  fresh->key = key;
  fresh->id = ++last_id_;
  return fresh;
}

Result<Groups::Change> Groups::push(const GroupingKey& key, PushedFamilies pushed) {
  Status status = check_timestamps(pushed.families);
  if (!status.ok()) return status;
  // Not even a push can set these two.
  std::erase_if(pushed.families, [](const Family& family) {
    return family.name == kPushTime || family.name == kPushFailureTime;
  });
  for (Family& family : pushed.families) {
    bring_into_group(family, key);
    status = check_family(family);
    if (!status.ok()) return status;
  }
  const std::lock_guard lock(mutex_);
  Change change;
  Result<std::shared_ptr<Group>> made = draft(key, change.before);
  if (!made.ok()) return made.status();
  Group& next = **made;
  if (pushed.replace) {
    std::erase_if(next.families, [](const auto& entry) {
      return entry.first != kPushTime && entry.first != kPushFailureTime;
    });
  }
  std::vector<std::shared_ptr<const Family>> fresh;
  for (Family& family : pushed.families) {
    fresh.push_back(std::make_shared<const Family>(std::move(family)));
    next.families[fresh.back()->name] = {pushed.now_ms, fresh.back()};
  }
  for (const auto& family : fresh) {
    status = check_place(*family, change.before.get());
    if (status.ok()) status = check_suffixes(*family, change.before.get(), next);
    if (!status.ok()) return status;
  }
  next.families.insert_or_assign(
      std::string(kPushTime),
      time_family(kPushTime, key, seconds_of(pushed.now_ms), pushed.now_ms));
  next.families.try_emplace(std::string(kPushFailureTime),
                            time_family(kPushFailureTime, key, 0, pushed.now_ms));
  change.after = *std::move(made);
  exchange(change.before, change.after);
  return change;
}

Result<Groups::Change> Groups::note_failure(const GroupingKey& key, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  Change change;
  Result<std::shared_ptr<Group>> made = draft(key, change.before);
  if (!made.ok()) return made.status();
  Group& next = **made;
  next.families.insert_or_assign(std::string(kPushFailureTime),
                                 time_family(kPushFailureTime, key, seconds_of(now_ms), now_ms));
  next.families.try_emplace(std::string(kPushTime), time_family(kPushTime, key, 0, now_ms));
  change.after = *std::move(made);
  exchange(change.before, change.after);
  return change;
}

// Whether other groups have the name under another type, or somebody has one of its label sets.
Status Groups::check_place(const Family& family, const Group* own) const {
  std::unordered_set<std::string> seen;
  const auto use = names_.find(family.name);
  for (const Metric& metric : family.metrics) {
    std::string labels = label_bytes(metric);
    if (use != names_.end()) {
      for (const auto& [group, type] : use->second.types) {
        if (group == own || type == family.type) continue;
        return invalid_data(describe_metric(family.name, metric) + " is not a " +
                            std::string(name_of(type)));
      }
      const auto at = use->second.label_sets.find(labels);
      if (at != use->second.label_sets.end() && at->second != own) return twice(family, metric);
    }
    if (!seen.insert(std::move(labels)).second) return twice(family, metric);
  }
  return {};
}

// Whether a name will be in use: by other groups, or by the group as it is going to be.
bool Groups::is_used(std::string_view name, const Group* own, const Group& next, bool parts_too,
                     FamilyType& type) const {
  const auto counts = [&](FamilyType t) {
    type = t;
    return !parts_too || has_parts(t);
  };
  const auto at = next.families.find(name);
  if (at != next.families.end() && !at->second.family->metrics.empty() &&
      counts(at->second.family->type)) {
    return true;
  }
  const auto use = names_.find(std::string(name));
  if (use == names_.end()) return false;
  return std::any_of(use->second.types.begin(), use->second.types.end(),
                     [&](const auto& entry) { return entry.first != own && counts(entry.second); });
}

// a_sum cannot stand beside a summary a, whichever came first.
Status Groups::check_suffixes(const Family& family, const Group* own, const Group& next) const {
  FamilyType type = FamilyType::kUntyped;
  for (const std::string_view suffix : {"_count", "_sum", "_bucket"}) {
    if (!family.name.ends_with(suffix)) continue;
    const std::string whole = family.name.substr(0, family.name.size() - suffix.size());
    if (!is_used(whole, own, next, true, type)) continue;
    const std::vector<std::string_view> parts = suffixes_of(type);
    if (std::find(parts.begin(), parts.end(), suffix) == parts.end()) continue;
    return invalid_data("collected metric named " + sdk::quote(family.name) +
                        " collides with previously collected " + lower_name(type) + " named " +
                        sdk::quote(whole));
  }
  for (const std::string_view suffix : suffixes_of(family.type)) {
    const std::string part = family.name + std::string(suffix);
    if (!is_used(part, own, next, false, type)) continue;
    return invalid_data("collected " +
                        std::string(suffix == "_bucket" ? "histogram" : "histogram or summary") +
                        " named " + sdk::quote(family.name) +
                        " collides with previously collected metric named " + sdk::quote(part));
  }
  return {};
}

GroupRef Groups::find(const GroupingKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto at = groups_.find(key);
  return at == groups_.end() ? nullptr : at->second;
}

void Groups::put(const GroupingKey& key, GroupRef after) {
  const std::lock_guard lock(mutex_);
  const auto at = groups_.find(key);
  exchange(at == groups_.end() ? nullptr : at->second, after);
}

void Groups::exchange(const GroupRef& before, const GroupRef& after) {
  if (before != nullptr) unindex(*before);
  if (after != nullptr) {
    index(*after);
    groups_[after->key] = after;
  } else if (before != nullptr) {
    groups_.erase(GroupingKey(before->key));
  }
  ++generation_;
}

void Groups::index(const Group& group) {
  for (const auto& [name, timed] : group.families) {
    if (timed.family->metrics.empty()) continue;
    NameUse& use = names_[name];
    use.types[&group] = timed.family->type;
    for (const Metric& metric : timed.family->metrics) {
      use.label_sets.emplace(label_bytes(metric), &group);
    }
  }
}

void Groups::unindex(const Group& group) {
  for (const auto& [name, timed] : group.families) {
    const auto at = names_.find(name);
    if (at == names_.end()) continue;
    at->second.types.erase(&group);
    for (const Metric& metric : timed.family->metrics) {
      const auto set = at->second.label_sets.find(label_bytes(metric));
      if (set != at->second.label_sets.end() && set->second == &group) {
        at->second.label_sets.erase(set);
      }
    }
    if (at->second.types.empty()) names_.erase(at);
  }
}

std::vector<GroupRef> Groups::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<GroupRef> out;
  out.reserve(groups_.size());
  for (const auto& [key, group] : groups_) out.push_back(group);
  return out;
}

std::uint64_t Groups::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void Groups::ids_begin_after(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  last_id_ = std::max(last_id_, id);
}

}  // namespace narthex::ingest::pushgateway
