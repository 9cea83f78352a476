// SPDX-License-Identifier: Apache-2.0
#include "scrape/target_set.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace narthex;
using discovery::GroupChange;
using scrape::TargetChanges;
using scrape::TargetPtr;
using scrape::TargetSet;

namespace {

scrape::JobOptions options() {
  scrape::JobOptions o;
  o.job_name = "job";
  relabel::RuleOptions drop;
  drop.action = "drop";
  drop.source_labels = {"__address__"};
  drop.regex = "drop.*";
  o.relabel_configs = {drop};
  return o;
}

TargetSet set(const scrape::JobOptions& o = options()) {
  return TargetSet(*scrape::TargetRules::compile(o));
}

GroupChange group(std::string source, std::vector<std::string> addresses, Labels labels = {}) {
  auto g = std::make_shared<sdk::TargetGroup>();
  g->source = source;
  g->labels = std::move(labels);
  for (std::string& a : addresses) g->targets.push_back({{"__address__", std::move(a)}});
  return {std::move(source), std::move(g)};
}
GroupChange gone(std::string source) { return {std::move(source), nullptr}; }

using Instances = std::multiset<std::string>;
Instances instances(const std::vector<TargetPtr>& targets) {
  Instances out;
  for (const TargetPtr& t : targets) out.emplace(t->labels.get("instance"));
  return out;
}

TargetChanges apply(TargetSet& targets, std::vector<GroupChange> changes) {
  return targets.apply(changes);
}

Instances active(const TargetSet& targets) {
  Instances out;
  targets.visit_active(
      [&](const TargetPtr& t, const Labels&) { out.emplace(t->labels.get("instance")); });
  return out;
}

}  // namespace

TEST_CASE("a change says exactly which targets came and went", "[scrape]") {
  TargetSet targets = set();
  CHECK(instances(apply(targets, {group("f", {"a", "b"})}).added) == Instances{"a", "b"});
  const TargetChanges second = apply(targets, {group("f", {"b", "c"})});
  CHECK(instances(second.added) == Instances{"c"});
  CHECK(instances(second.removed) == Instances{"a"});
  const TargetChanges same = apply(targets, {group("f", {"c", "b"})});
  CHECK(same.added.empty());
  CHECK(same.removed.empty());
  CHECK(instances(apply(targets, {gone("f")}).removed) == Instances{"b", "c"});
  CHECK(targets.size() == 0);
  CHECK(apply(targets, {gone("f")}).removed.empty());
}

TEST_CASE("a target that several sources name is there once", "[scrape]") {
  TargetSet targets = set();
  CHECK(instances(apply(targets, {group("f", {"a", "a"}), group("g", {"a"})}).added) ==
        Instances{"a"});
  CHECK(active(targets) == Instances{"a"});
  CHECK(apply(targets, {gone("f")}).removed.empty());
  CHECK(instances(apply(targets, {gone("g")}).removed) == Instances{"a"});
}

TEST_CASE("a target that moves to another source has not moved", "[scrape]") {
  TargetSet targets = set();
  const TargetPtr a = apply(targets, {group("f", {"a"})}).added.at(0);
  const TargetChanges moved = apply(targets, {gone("f"), group("g", {"a"})});
  CHECK(moved.added.empty());
  CHECK(moved.removed.empty());
  targets.visit_active([&](const TargetPtr& t, const Labels&) { CHECK(t == a); });
}

TEST_CASE("a target that came and went in one call was never there", "[scrape]") {
  TargetSet targets = set();
  const TargetChanges none = apply(targets, {group("f", {"a"}), gone("f")});
  CHECK(none.added.empty());
  CHECK(none.removed.empty());
}

TEST_CASE("labels before relabeling follow the newest group", "[scrape]") {
  TargetSet targets = set();
  apply(targets, {group("f", {"a"}, {{"__meta_x", "1"}})});
  const TargetChanges changed = apply(targets, {group("f", {"a"}, {{"__meta_x", "2"}})});
  CHECK(changed.added.empty());
  CHECK(changed.removed.empty());
  targets.visit_active(
      [](const TargetPtr&, const Labels& discovered) { CHECK(discovered.get("__meta_x") == "2"); });
}

TEST_CASE("dropped targets are counted, and shown up to a limit", "[scrape]") {
  scrape::JobOptions o = options();
  o.limits.keep_dropped_targets = 2;
  TargetSet targets = set(o);
  apply(targets, {group("f", {"a", "drop1", "drop2", "drop3", "x/y"})});
  CHECK(targets.size() == 1);
  CHECK(targets.dropped_total() == 3);
  Instances shown;
  targets.visit_dropped([&](const Labels& l) { shown.emplace(l.get("__address__")); });
  CHECK(shown == Instances{"drop1", "drop2"});
  apply(targets, {group("f", {"drop9"})});
  CHECK(targets.dropped_total() == 1);
  apply(targets, {gone("f")});
  CHECK(targets.dropped_total() == 0);
}

TEST_CASE("a target that cannot be made is told, the others are kept", "[scrape]") {
  TargetSet targets = set();
  const TargetChanges changes = apply(targets, {group("web.json", {"a", "x/y", "b"})});
  CHECK(instances(changes.added) == Instances{"a", "b"});
  CHECK(changes.failed == 1);
  CHECK(changes.errors ==
        std::vector<std::string>{"instance 1 in group web.json: \"x/y\" is not a valid hostname"});
}

TEST_CASE("more targets than the limit fail as a whole", "[scrape]") {
  scrape::JobOptions o = options();
  o.limits.target_limit = 1;
  TargetSet targets = set(o);
  apply(targets, {group("f", {"a"})});
  CHECK(targets.limit_status().ok());
  apply(targets, {group("g", {"b"})});
  CHECK(targets.limit_status().message() ==
        "target_limit exceeded (number of targets: 2, limit: 1)");
  apply(targets, {gone("g")});
  CHECK(targets.limit_status().ok());
}

TEST_CASE("other rules make other targets of the same groups", "[scrape]") {
  TargetSet targets = set();
  apply(targets, {group("f", {"a", "drop1"})});
  scrape::JobOptions o = options();
  o.relabel_configs.clear();
  const TargetChanges changes = targets.reconfigure(*scrape::TargetRules::compile(o));
  CHECK(instances(changes.added) == Instances{"drop1"});
  CHECK(changes.removed.empty());
  o.scheme = "https";
  const TargetChanges all = targets.reconfigure(*scrape::TargetRules::compile(o));
  CHECK(all.added.size() == 2);
  CHECK(all.removed.size() == 2);
}

TEST_CASE("random changes add up to what a plain set says", "[scrape]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  TargetSet targets = set();
  std::map<std::string, std::vector<std::string>> model;
  std::set<std::string> told;  // what the differences say is there
  for (int round = 0; round < 500; ++round) {
    std::vector<GroupChange> changes;
    for (std::size_t n = random() % 4; n > 0; --n) {
      const std::string source = "s" + std::to_string(random() % 5);
      std::vector<std::string> addresses;
      for (std::size_t t = random() % 6; t > 0; --t) {
        addresses.push_back((random() % 5 == 0 ? "drop" : "h") + std::to_string(random() % 10));
      }
      if (random() % 4 == 0) {
        changes.push_back(gone(source));
        model.erase(source);
      } else {
        changes.push_back(group(source, addresses));
        model[source] = addresses;
      }
    }
    const TargetChanges result = targets.apply(changes);
    for (const TargetPtr& t : result.added) {
      REQUIRE(told.emplace(t->labels.get("instance")).second);
    }
    for (const TargetPtr& t : result.removed) {
      REQUIRE(told.erase(std::string(t->labels.get("instance"))) == 1);
    }
    std::set<std::string> expected;
    std::uint64_t dropped = 0;
    for (const auto& [source, addresses] : model) {
      for (const std::string& a : addresses) {
        if (a.starts_with("drop")) {
          ++dropped;
        } else {
          expected.insert(a);
        }
      }
    }
    REQUIRE(told == expected);
    REQUIRE(targets.size() == expected.size());
    REQUIRE(targets.dropped_total() == dropped);
    REQUIRE(active(targets) == Instances(expected.begin(), expected.end()));
  }
}
