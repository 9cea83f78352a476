// SPDX-License-Identifier: Apache-2.0
#include "scrape/target.hpp"

#include <catch2/catch.hpp>

#include <string>

using narthex::Labels;
using narthex::relabel::RuleOptions;
using narthex::scrape::JobOptions;
using narthex::scrape::TargetPtr;
using narthex::scrape::TargetRules;

namespace {

JobOptions job(std::string name = "a") {
  JobOptions options;
  options.job_name = std::move(name);
  options.interval_ms = 3'600'000;
  return options;
}

std::shared_ptr<const TargetRules> rules(const JobOptions& options) {
  auto made = TargetRules::compile(options);
  REQUIRE(made.ok());
  return *made;
}

TargetPtr target(const JobOptions& options, const Labels& labels, const Labels& group = {}) {
  auto made = rules(options)->make(labels, group);
  REQUIRE(made.status().message() == "");
  return *made;
}

std::string error(const JobOptions& options, const Labels& labels) {
  return rules(options)->make(labels, {}).status().message();
}

Labels at(std::string address) { return {{"__address__", std::move(address)}}; }

}  // namespace

TEST_CASE("a target has job, instance and a URL", "[scrape]") {
  const TargetPtr t = target(job(), at("h:1"));
  CHECK(t->labels == Labels{{"instance", "h:1"}, {"job", "a"}});
  CHECK(t->url == "http://h:1/metrics");
  CHECK(t->interval_ms == 3'600'000);
  CHECK(t->timeout_ms == 10'000);
}

TEST_CASE("no port is added and none is taken away", "[scrape]") {
  JobOptions options = job();
  CHECK(target(options, at("h"))->url == "http://h/metrics");
  CHECK(target(options, at("h:80"))->url == "http://h:80/metrics");
  CHECK(target(options, at("[::1]:80"))->url == "http://[::1]:80/metrics");
  options.scheme = "https";
  CHECK(target(options, at("h:443"))->url == "https://h:443/metrics");
  CHECK(target(options, at("h"))->labels.get("instance") == "h");
}

TEST_CASE("URLs are escaped as Prometheus shows them", "[scrape]") {
  JobOptions options = job();
  options.params = {{"x", "1 &"}, {"x", "é"}, {"a", "b"}};
  options.metrics_path = "m et/é?q=1#f%20;a=b,c@d:!$&()*+~^|{}\"<>[]\\`";
  const std::string rest =
      "/m%20et/%C3%A9%3Fq=1%23f%2520;a=b,c@d:%21$&%28%29%2A+~%5E%7C%7B%7D%22%3C%3E%5B%5D%5C%60"
      "?a=b&x=over&x=%C3%A9&zz=z+z";
  const Labels group{{"__param_x", "over"}, {"__param_zz", "z z"}, {"__tmp_x", "tmp"}, {"l", "v"}};
  for (const auto& [address, host] : std::vector<std::pair<std::string, std::string>>{
           {"h", "h"}, {"a b", "a%20b"}, {"u@h:1", "u%40h:1"}, {"x?y", "x%3Fy"}, {"::1", "::1"}}) {
    const TargetPtr t = target(options, at(address), group);
    CHECK(t->url == "http://" + host + rest);
    CHECK(t->labels == Labels{{"instance", address}, {"job", "a"}, {"l", "v"}});
  }
  CHECK(target(options, at("h"))->url.ends_with("?a=b&x=1+%26&x=%C3%A9"));
}

TEST_CASE("labels before relabeling are the target's, the group's, then the job's", "[scrape]") {
  JobOptions options = job();
  options.params = {{"module", "http"}, {"module", "icmp"}};
  const auto r = rules(options);
  CHECK(r->discovered({{"__address__", "h"}, {"env", "target"}},
                      {{"env", "group"}, {"job", "mine"}, {"__scheme__", "https"}}) ==
        Labels{{"__address__", "h"},
               {"__metrics_path__", "/metrics"},
               {"__param_module", "http"},
               {"__scheme__", "https"},
               {"__scrape_interval__", "1h"},
               {"__scrape_timeout__", "10s"},
               {"env", "target"},
               {"job", "mine"}});
}

TEST_CASE("a target may bring its own interval and timeout", "[scrape]") {
  const TargetPtr t = target(
      job(),
      {{"__address__", "h"}, {"__scrape_interval__", "90s"}, {"__scrape_timeout__", "1m30s"}});
  CHECK(t->interval_ms == 90'000);
  CHECK(t->timeout_ms == 90'000);
}

TEST_CASE("what is no target is refused in Prometheus's words", "[scrape]") {
  CHECK(error(job(), {}) == "no address");
  CHECK(error(job(), at("h/x")) == "\"h/x\" is not a valid hostname");
  const auto with = [](std::string name, std::string value) {
    return Labels{{"__address__", "h"}, {std::move(name), std::move(value)}};
  };
  CHECK(error(job(), with("__scrape_interval__", "0s")) == "scrape interval cannot be 0");
  CHECK(error(job(), with("__scrape_timeout__", "0")) == "scrape timeout cannot be 0");
  CHECK(error(job(), with("__scrape_timeout__", "2h")) ==
        "scrape timeout cannot be greater than scrape interval (\"2h\" > \"1h\")");
  CHECK(error(job(), with("__scrape_interval__", "1hx"))
            .starts_with("error parsing scrape interval: "));
}

TEST_CASE("relabeling changes, drops and hides", "[scrape]") {
  JobOptions options = job();
  RuleOptions from_meta;
  from_meta.source_labels = {"__meta_name"};
  from_meta.target_label = "name";
  RuleOptions drop;
  drop.action = "drop";
  drop.source_labels = {"name"};
  drop.regex = "bad";
  options.relabel_configs = {from_meta, drop};
  const TargetPtr kept = target(options, {{"__address__", "h"}, {"__meta_name", "good"}});
  CHECK(kept->labels == Labels{{"instance", "h"}, {"job", "a"}, {"name", "good"}});
  CHECK(target(options, {{"__address__", "h"}, {"__meta_name", "bad"}}) == nullptr);
}

TEST_CASE("targets are the same when all but their __meta_ labels are", "[scrape]") {
  const auto hash = [](const Labels& labels) { return target(job(), labels)->hash; };
  const std::uint64_t plain = hash(at("h"));
  CHECK(hash({{"__address__", "h"}, {"__meta_x", "1"}}) == plain);
  CHECK(hash({{"__address__", "h"}, {"__tmp", "1"}}) != plain);
  CHECK(hash(at("i")) != plain);
  CHECK(hash({{"__address__", "h"}, {"instance", "h"}}) == plain);
  CHECK(hash({{"__address__", "h"}, {"__scrape_timeout__", "9s"}}) != plain);
}
