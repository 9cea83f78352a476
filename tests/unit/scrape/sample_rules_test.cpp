// SPDX-License-Identifier: Apache-2.0
#include "scrape/sample_rules.hpp"

#include <catch2/catch.hpp>

namespace narthex::scrape {
namespace {

// The labels that a series is stored under; "dropped" or the failure's text instead.
struct Applied {
  Labels labels;
  std::string failure;
  bool dropped = false;
};

Applied apply(SampleOptions options, const std::vector<Labels::Entry>& exposed,
              const Labels& target) {
  const auto rules = SampleRules::compile(std::move(options));
  REQUIRE(rules.ok());
  std::vector<nx_label> pairs;
  for (const auto& [name, value] : exposed) pairs.push_back({to_nx(name), to_nx(value)});
  LabelArena arena;
  std::vector<nx_label> out;
  const auto verdict = (*rules)->apply(pairs, target, arena, out);
  Applied applied;
  if (!verdict.ok()) {
    applied.failure = verdict.status().message();
    return applied;
  }
  applied.dropped = *verdict == SampleRules::Verdict::kDrop;
  for (std::size_t i = 0; !applied.dropped && i < out.size(); ++i) {
    if (i > 0) CHECK(view(out[i - 1].name) < view(out[i].name));
    applied.labels.set(view(out[i].name), view(out[i].value));
  }
  return applied;
}

const Labels kTarget{{"instance", "h:1"}, {"job", "node"}};

TEST_CASE("the target's labels win and the exposed ones are kept aside", "[sample_rules]") {
  const Applied a = apply({}, {{"__name__", "up"}, {"instance", "evil"}, {"job", "good"}}, kTarget);
  CHECK(a.labels == Labels{{"__name__", "up"},
                           {"exported_instance", "evil"},
                           {"exported_job", "good"},
                           {"instance", "h:1"},
                           {"job", "node"}});
}

TEST_CASE("exported_ is repeated until the name is free", "[sample_rules]") {
  const Applied a =
      apply({}, {{"__name__", "x"}, {"exported_job", "one"}, {"job", "two"}}, kTarget);
  CHECK(a.labels.get("exported_job") == "one");
  CHECK(a.labels.get("exported_exported_job") == "two");
}

TEST_CASE("honored labels win, the empty ones too", "[sample_rules]") {
  SampleOptions options;
  options.honor_labels = true;
  const Applied a = apply(options, {{"__name__", "x"}, {"instance", ""}, {"job", "mine"}}, kTarget);
  CHECK(a.labels == Labels{{"__name__", "x"}, {"job", "mine"}});
}

TEST_CASE("without honor_labels an empty exposed label is no label", "[sample_rules]") {
  const Applied a = apply({}, {{"__name__", "x"}, {"a", ""}, {"job", ""}}, kTarget);
  CHECK(a.labels == Labels{{"__name__", "x"}, {"instance", "h:1"}, {"job", "node"}});
}

TEST_CASE("metric relabeling sees the target's labels and may drop", "[sample_rules]") {
  SampleOptions options;
  relabel::RuleOptions drop;
  drop.source_labels = {"job", "__name__"};
  drop.regex = "node;bad.*";
  drop.action = "drop";
  drop.has_regex = true;
  options.metric_relabel = {drop};
  CHECK(apply(options, {{"__name__", "bad_one"}}, kTarget).dropped);
  CHECK_FALSE(apply(options, {{"__name__", "good_one"}}, kTarget).dropped);
}

TEST_CASE("names are checked", "[sample_rules]") {
  CHECK(apply({}, {{"a", "b"}}, kTarget).failure == "missing metric name (__name__ label)");
  CHECK(apply({}, {{"__name__", "my.metric"}, {"l \xc3\xa9", "v"}}, kTarget).failure.empty());
  SampleOptions legacy;
  legacy.legacy_names = true;
  CHECK(apply(legacy, {{"__name__", "my.metric"}}, Labels{{"job", "a"}}).failure ==
        "invalid metric name or label names: {__name__=\"my.metric\", job=\"a\"}");
}

TEST_CASE("label limits fail with Prometheus's words", "[sample_rules]") {
  SampleOptions options;
  options.limits.label_limit = 3;
  CHECK(apply(options, {{"__name__", "many"}, {"a", "1"}}, kTarget).failure ==
        "label_limit exceeded (metric: many, number of labels: 4, limit: 3)");
  options.limits = {};
  options.limits.label_name_length_limit = 8;
  CHECK(apply(options, {{"__name__", "m"}, {"long_name", "1"}}, Labels()).failure ==
        "label_name_length_limit exceeded (metric: m, label name: long_name, length: 9, limit: 8)");
  options.limits = {};
  options.limits.label_value_length_limit = 5;
  CHECK(
      apply(options, {{"__name__", "m"}, {"a", "123456"}}, Labels()).failure ==
      "label_value_length_limit exceeded (metric: m, label name: a, value: \"123456\", length: 6, "
      "limit: 5)");
}

}  // namespace
}  // namespace narthex::scrape
