// SPDX-License-Identifier: Apache-2.0
#include "scrape/target_set.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace narthex::scrape {
namespace {

constexpr std::size_t kErrorsMax = 100;

std::uint64_t count_dropped(std::span<const TargetPtr> made, std::size_t failed) {
  return static_cast<std::uint64_t>(std::count(made.begin(), made.end(), nullptr)) - failed;
}

}  // namespace

// Remembers what was there of all that a call touched, so that a target that leaves one source and
// comes with another has not moved at all.
class TargetSet::Difference {
 public:
  explicit Difference(std::unordered_map<std::uint64_t, Active>& active) : active_(active) {}

  // Takes a reference; the pointer that stands for the target comes back.
  TargetPtr take(TargetPtr target) {
    Active& entry = active_[target->hash];
    if (entry.references++ == 0) {
      const auto [at, first] = before_.try_emplace(target->hash, nullptr);
      entry.target = at->second != nullptr ? at->second : std::move(target);
    }
    return entry.target;
  }

  void give_back(const TargetPtr& target) {
    const auto at = active_.find(target->hash);
    if (--at->second.references > 0) return;
    before_.try_emplace(target->hash, at->second.target);
    active_.erase(at);
  }

  void finish(TargetChanges& changes) const {
    for (const auto& [hash, before] : before_) {
      const auto now = active_.find(hash);
      if (before == nullptr && now != active_.end()) changes.added.push_back(now->second.target);
      if (before != nullptr && now == active_.end()) changes.removed.push_back(before);
    }
  }

 private:
  std::unordered_map<std::uint64_t, Active>& active_;
  std::unordered_map<std::uint64_t, TargetPtr> before_;  // null: it was not there
};

TargetSet::TargetSet(std::shared_ptr<const TargetRules> rules) : rules_(std::move(rules)) {}

TargetChanges TargetSet::apply(std::span<const discovery::GroupChange> changes) {
  TargetChanges result;
  Difference difference(active_);
  for (const discovery::GroupChange& change : changes) {
    const auto known = sources_.find(change.source);
    if (change.group == nullptr) {
      if (known == sources_.end()) continue;
      remove(known->second, difference);
      sources_.erase(known);
      continue;
    }
    Source source = make_source(change.group, result);
    add(source, difference);
    if (known != sources_.end()) {
      remove(known->second, difference);
      known->second = std::move(source);
    } else {
      sources_.emplace(change.source, std::move(source));
    }
  }
  difference.finish(result);
  return result;
}

TargetChanges TargetSet::reconfigure(std::shared_ptr<const TargetRules> rules) {
  rules_ = std::move(rules);
  TargetChanges result;
  Difference difference(active_);
  for (auto& [key, known] : sources_) {
    Source source = make_source(known.group, result);
    add(source, difference);
    remove(known, difference);
    known = std::move(source);
  }
  difference.finish(result);
  return result;
}

TargetSet::Source TargetSet::make_source(discovery::GroupPtr group, TargetChanges& changes) const {
  Source source;
  source.made.reserve(group->targets.size());
  for (const Labels& labels : group->targets) {
    Result<TargetPtr> target = rules_->make(labels, group->labels);
    if (!target.ok()) {
      const std::size_t index = source.made.size();
      source.failed.push_back(static_cast<std::uint32_t>(index));
      ++changes.failed;
      if (changes.errors.size() < kErrorsMax) {
        changes.errors.push_back("instance " + std::to_string(index) + " in group " +
                                 group->source + ": " + target.status().message());
      }
    }
    source.made.push_back(std::move(target).value_or(nullptr));
  }
  source.group = std::move(group);
  return source;
}

void TargetSet::add(Source& source, Difference& difference) {
  dropped_ += count_dropped(source.made, source.failed.size());
  for (TargetPtr& target : source.made) {
    if (target != nullptr) target = difference.take(std::move(target));
  }
}

void TargetSet::remove(const Source& source, Difference& difference) {
  dropped_ -= count_dropped(source.made, source.failed.size());
  for (const TargetPtr& target : source.made) {
    if (target != nullptr) difference.give_back(target);
  }
}

Status TargetSet::limit_status() const {
  const std::uint64_t limit = rules_->limits().target_limit;
  if (limit == 0 || active_.size() <= limit) return {};
  return {NX_ERR_EXHAUSTED,
          "target_limit exceeded (number of targets: " + std::to_string(active_.size()) +
              ", limit: " + std::to_string(limit) + ")"};
}

void TargetSet::visit_active(
    const std::function<void(const TargetPtr&, Labels discovered)>& visit) const {
  std::unordered_set<const Target*> seen;  // of those that several sources have
  for (const auto& [key, source] : sources_) {
    for (std::size_t i = 0; i < source.made.size(); ++i) {
      const TargetPtr& target = source.made[i];
      if (target == nullptr) continue;
      if (active_.at(target->hash).references > 1 && !seen.insert(target.get()).second) continue;
      visit(target, rules_->discovered(source.group->targets[i], source.group->labels));
    }
  }
}

void TargetSet::visit_dropped(const std::function<void(Labels discovered)>& visit) const {
  std::uint64_t left = rules_->limits().keep_dropped_targets;
  if (left == 0) left = dropped_;
  for (const auto& [key, source] : sources_) {
    for (std::size_t i = 0; i < source.made.size() && left > 0; ++i) {
      if (source.made[i] != nullptr) continue;
      if (std::binary_search(source.failed.begin(), source.failed.end(), i)) continue;
      --left;
      visit(rules_->discovered(source.group->targets[i], source.group->labels));
    }
  }
}

}  // namespace narthex::scrape
