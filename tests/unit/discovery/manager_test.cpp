// SPDX-License-Identifier: Apache-2.0
#include "discovery/manager.hpp"
#include "support/manual_executor.hpp"
#include "telemetry/log.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace narthex;
using discovery::GroupChange;
using discovery::JobDiscovery;
using discovery::MechanismOptions;

namespace {

sdk::TargetGroup group(std::string source, std::vector<std::string> addresses) {
  sdk::TargetGroup g;
  g.source = std::move(source);
  for (std::string& a : addresses) g.targets.push_back({{"__address__", std::move(a)}});
  return g;
}

// What the test decides about a mechanism, and what it sees of it.
struct Script {
  bool watches = false;
  std::int64_t interval_ms = 30'000;
  std::function<Status(sdk::DiscoverySink)> refresh = [](sdk::DiscoverySink) { return Status(); };
  const nx_discovery_sink* sink = nullptr;
  int starts = 0;
  int stops = 0;
  int refreshes = 0;
};

class ScriptedDiscoverer final : public discovery::Discoverer {
 public:
  explicit ScriptedDiscoverer(Script& script) : script_(script) {}
  Status start(const nx_discovery_sink* sink) override {
    ++script_.starts;
    script_.sink = sink;
    return {};
  }
  void stop(std::int64_t) override { ++script_.stops; }
  bool watches() const override { return script_.watches; }
  std::int64_t interval_ms() const override { return script_.interval_ms; }
  Status refresh(const nx_discovery_sink* sink) override {
    ++script_.refreshes;
    return script_.refresh(sdk::DiscoverySink(sink));
  }

 private:
  Script& script_;
};

class ScriptedFactory final : public discovery::DiscovererFactory {
 public:
  std::map<std::string, Script> scripts;  // by fingerprint
  std::vector<std::string> names;

  Result<std::unique_ptr<discovery::Discoverer>> make(const std::string& name,
                                                      const MechanismOptions& options) override {
    names.push_back(name);
    if (!scripts.contains(options.fingerprint)) return not_found("no plugin " + options.plugin);
    return std::unique_ptr<discovery::Discoverer>(
        std::make_unique<ScriptedDiscoverer>(scripts.at(options.fingerprint)));
  }
};

MechanismOptions mechanism(std::string fingerprint, std::string plugin = "dns") {
  MechanismOptions o;
  o.plugin = std::move(plugin);
  o.fingerprint = std::move(fingerprint);
  return o;
}

struct Fixture {
  std::string log;
  Fixture() { telemetry::capture_log(&log); }
  ~Fixture() { telemetry::capture_log(nullptr); }

  test::ManualExecutor executor;
  telemetry::Registry registry;
  bus::Bus bus{executor, registry};
  ScriptedFactory factory;
  std::vector<std::vector<std::string>> told;  // each call: "source=a,b" or "source gone"
  std::map<std::string, std::set<std::string>> state;
  discovery::Manager manager{
      {executor, registry, bus, factory},
      [this](std::string_view, std::span<const GroupChange> changes) { note(changes); }};

  void note(std::span<const GroupChange> changes) {
    std::vector<std::string> lines;
    for (const GroupChange& c : changes) {
      state.erase(c.source);
      if (c.group == nullptr) {
        lines.push_back(c.source + " gone");
        continue;
      }
      std::string line = c.source + "=";
      for (const Labels& t : c.group->targets) {
        line += std::string(t.get("__address__")) + ",";
        state[c.source].emplace(t.get("__address__"));
      }
      lines.push_back(line);
    }
    told.push_back(std::move(lines));
  }
  std::vector<Status> apply(std::vector<MechanismOptions> mechanisms, std::string job = "j") {
    const std::vector<JobDiscovery> jobs{{std::move(job), std::move(mechanisms)}};
    return manager.apply(jobs);
  }
  double metric(std::string_view line) const {
    const std::string text = "\n" + telemetry::render_text(registry);
    const std::size_t at = text.find("\n" + std::string(line) + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() + 2));
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a mechanism is refreshed at once and then every interval", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.refresh = [](sdk::DiscoverySink sink) { return sink.update(group("s", {"h:1"})); };
  CHECK(f.apply({mechanism("a")}).empty());
  CHECK(f.factory.names == Lines{"discovery.dns#j"});
  f.executor.run_ready();
  CHECK(script.refreshes == 1);
  CHECK(f.told == std::vector<Lines>{{"discovery.dns#j:s=h:1,"}});
  f.executor.advance_ms(30'000);
  CHECK(script.refreshes == 2);
  f.executor.advance_ms(300'000);
  CHECK(script.refreshes == 12);
  CHECK(f.told.size() == 1);  // nothing new, nothing told
  CHECK(f.metric("prometheus_sd_discovered_targets{config=\"j\",name=\"scrape\"}") == 1);
  CHECK(f.metric("prometheus_sd_updates_total{name=\"scrape\"}") == 1);
  CHECK(f.metric("prometheus_sd_received_updates_total{name=\"scrape\"}") == 12);
}

TEST_CASE("a refresh is the whole truth, unless it fails", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  int round = 0;
  script.refresh = [&](sdk::DiscoverySink sink) -> Status {
    switch (++round) {
      case 1: {
        const std::vector both{group("x", {"h:1"}), group("y", {"h:2"})};
        return sink.update(both);
      }
      case 2:
        (void)sink.update(group("x", {"half"}));
        return unavailable("server is down");
      default:
        return sink.update(group("y", {"h:2", "h:3"}));
    }
  };
  f.apply({mechanism("a")});
  f.executor.run_ready();
  CHECK(f.told.back() == Lines{"discovery.dns#j:x=h:1,", "discovery.dns#j:y=h:2,"});
  for (int i = 0; i < 300 && round < 2; ++i) f.executor.advance_ms(100);
  CHECK(round == 2);
  CHECK(f.told.size() == 1);
  CHECK(f.metric("prometheus_sd_refresh_failures_total{mechanism=\"dns\"}") == 1);
  f.executor.advance_ms(1'000);
  CHECK(f.told.back() == Lines{"discovery.dns#j:x gone", "discovery.dns#j:y=h:2,h:3,"});
}

TEST_CASE("a failing refresh is tried again later each time", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  std::vector<std::int64_t> times_ms;
  const std::int64_t begun_ms = f.executor.clock().now_ms();
  script.refresh = [&](sdk::DiscoverySink) {
    times_ms.push_back(f.executor.clock().now_ms() - begun_ms);
    return unavailable("no");
  };
  f.apply({mechanism("a")});
  f.executor.advance_ms(100'000);
  CHECK(times_ms == std::vector<std::int64_t>{0, 1000, 3000, 7000, 15000, 31000, 61000, 91000});
}

TEST_CASE("a mechanism without an interval is refreshed until it worked once", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.interval_ms = 0;
  script.refresh = [&](sdk::DiscoverySink sink) {
    return script.refreshes < 3 ? unavailable("no") : sink.update(group("s", {"h"}));
  };
  f.apply({mechanism("a")});
  f.executor.advance_ms(1'000'000);
  CHECK(script.refreshes == 3);
  CHECK(f.told.size() == 1);
  CHECK(f.executor.timer_count() == 0);
}

TEST_CASE("bursts of a watch are folded", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.watches = true;
  f.apply({mechanism("a")});
  f.executor.run_ready();
  CHECK(script.refreshes == 0);
  const sdk::DiscoverySink sink(script.sink);
  REQUIRE(sink.update(group("s", {"1"})).ok());
  f.executor.run_ready();
  CHECK(f.told.size() == 1);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(sink.update(group("s", {std::to_string(i)})).ok());
    REQUIRE(sink.update(group("t", {std::to_string(i)})).ok());
    f.executor.advance_ms(10);
  }
  CHECK(f.told.size() == 1);
  f.executor.advance_ms(1'000);
  CHECK(f.told.size() == 2);
  CHECK(f.told.back() == Lines{"discovery.dns#j:s=9,", "discovery.dns#j:t=9,"});
  CHECK(f.metric("prometheus_sd_updates_delayed_total{name=\"scrape\"}") == 1);
  REQUIRE(sink.update(group("s", {})).ok());
  f.executor.advance_ms(1'000);
  CHECK(f.told.back() == Lines{"discovery.dns#j:s gone"});
}

TEST_CASE("a group that says nothing new is not passed on", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.watches = true;
  f.apply({mechanism("a")});
  const sdk::DiscoverySink sink(script.sink);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(sink.update(group("s", {"1"})).ok());
    REQUIRE(sink.update(group("never seen", {})).ok());
    f.executor.advance_ms(2'000);
  }
  CHECK(f.told.size() == 1);
}

TEST_CASE("groups that break the contract are refused", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.watches = true;
  f.apply({mechanism("a")});
  nx_target_group bad{};
  bad.struct_size = sizeof bad;
  bad.target_count = 1;
  const nx_target_group* groups[] = {&bad};
  sdk::ErrorSlot err;
  CHECK(script.sink->update(script.sink, groups, 1, &err) == NX_ERR_INVALID_ARGUMENT);
  groups[0] = nullptr;
  CHECK(script.sink->update(script.sink, groups, 1, &err) == NX_ERR_INVALID_ARGUMENT);
  bad.struct_size = 8;
  groups[0] = &bad;
  CHECK(script.sink->update(script.sink, groups, 1, nullptr) == NX_ERR_INVALID_ARGUMENT);
  f.executor.advance_ms(10'000);
  CHECK(f.told.empty());
}

TEST_CASE("a reload leaves alone what did not change", "[discovery]") {
  Fixture f;
  Script& same = f.factory.scripts["same"];
  same.refresh = [](sdk::DiscoverySink sink) { return sink.update(group("s", {"h"})); };
  f.apply({mechanism("same"), mechanism("same")});
  f.executor.run_ready();
  CHECK(same.starts == 2);
  f.apply({mechanism("same"), mechanism("same")});
  f.executor.advance_ms(5'000);
  CHECK(same.starts == 2);
  CHECK(same.stops == 0);
  CHECK(same.refreshes == 2);
  f.apply({mechanism("same")});
  CHECK(same.stops == 1);
  f.executor.run_ready();
  CHECK(f.told.back() == Lines{"discovery.dns#j/2:s gone"});
}

TEST_CASE("targets of a replaced mechanism stay until the new one has found its own",
          "[discovery]") {
  Fixture f;
  Script& before = f.factory.scripts["before"];
  before.refresh = [](sdk::DiscoverySink sink) { return sink.update(group("s", {"h"})); };
  Script& after = f.factory.scripts["after"];
  bool up = false;
  after.refresh = [&](sdk::DiscoverySink sink) {
    return up ? sink.update(group("s", {"h", "i"})) : unavailable("not yet");
  };
  f.apply({mechanism("before")});
  f.executor.run_ready();
  f.apply({mechanism("after")});
  CHECK(before.stops == 1);
  f.executor.advance_ms(5'000);
  CHECK(f.told.size() == 1);
  up = true;
  f.executor.advance_ms(5'000);
  CHECK(f.told.size() == 2);
  CHECK(f.told.back() == Lines{"discovery.dns#j/2:s=h,i,", "discovery.dns#j:s gone"});
}

TEST_CASE("targets of a replaced mechanism do not stay for ever", "[discovery]") {
  Fixture f;
  f.factory.scripts["before"].refresh = [](sdk::DiscoverySink sink) {
    return sink.update(group("s", {"h"}));
  };
  f.factory.scripts["after"].watches = true;  // and never says a word
  f.apply({mechanism("before")});
  f.executor.run_ready();
  f.apply({mechanism("after")});
  f.executor.advance_ms(29'999);
  CHECK(f.told.size() == 1);
  f.executor.advance_ms(2);
  CHECK(f.told.back() == Lines{"discovery.dns#j:s gone"});
}

TEST_CASE("a watch says itself when it has found all there is", "[discovery]") {
  Fixture f;
  f.factory.scripts["before"].refresh = [](sdk::DiscoverySink sink) {
    return sink.update(group("s", {"h"}));
  };
  Script& after = f.factory.scripts["after"];
  after.watches = true;
  f.apply({mechanism("before")});
  f.executor.run_ready();
  f.apply({mechanism("after")});
  const sdk::DiscoverySink sink(after.sink);
  REQUIRE(sink.update(group("s", {"h"})).ok());
  f.executor.advance_ms(2'000);
  CHECK(f.told.back() == Lines{"discovery.dns#j/2:s=h,"});
  sink.synced();
  f.executor.run_ready();
  CHECK(f.told.back() == Lines{"discovery.dns#j:s gone"});
}

TEST_CASE("a mechanism that cannot be made is counted and the rest runs", "[discovery]") {
  Fixture f;
  f.factory.scripts["good"].refresh = [](sdk::DiscoverySink sink) {
    return sink.update(group("s", {"h"}));
  };
  const std::vector<Status> failures = f.apply({mechanism("missing", "kuma"), mechanism("good")});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].message() == "job j: no plugin kuma");
  f.executor.run_ready();
  CHECK(f.told.size() == 1);
  CHECK(f.metric("prometheus_sd_failed_configs{name=\"scrape\"}") == 1);
  f.apply({mechanism("good")});
  CHECK(f.metric("prometheus_sd_failed_configs{name=\"scrape\"}") == 0);
}

TEST_CASE("after stop nothing is told and nothing is taken", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.watches = true;
  f.apply({mechanism("a")});
  const sdk::DiscoverySink sink(script.sink);
  REQUIRE(sink.update(group("s", {"h"})).ok());
  f.manager.stop();
  CHECK(script.stops == 1);
  f.executor.advance_ms(5'000);
  CHECK(f.told.empty());
  CHECK(f.executor.timer_count() == 0);
  CHECK(f.metric("prometheus_sd_discovered_targets{config=\"j\",name=\"scrape\"}") == -1);
}

TEST_CASE("changes are events on the bus", "[discovery]") {
  Fixture f;
  Script& script = f.factory.scripts["a"];
  script.watches = true;
  std::vector<std::string> events;
  auto subscription = f.bus.subscribe("discovery.>", {}, [&](std::span<const bus::Delivery> all) {
    for (const bus::Delivery& d : all) events.push_back(bus::to_json(d.event->payload));
  });
  REQUIRE(subscription.ok());
  f.apply({mechanism("a")});
  const sdk::DiscoverySink sink(script.sink);
  REQUIRE(sink.update(group("s", {"a", "b"})).ok());
  f.executor.advance_ms(2'000);
  REQUIRE(sink.update(group("s", {"b", "c", "d"})).ok());
  f.executor.advance_ms(2'000);
  REQUIRE(events.size() == 2);
  CHECK(events[0] == R"({"job":"j","added":2,"removed":0,"total":2})");
  CHECK(events[1] == R"({"job":"j","added":2,"removed":1,"total":3})");
}
