// SPDX-License-Identifier: Apache-2.0
#include "bus/bus.hpp"
#include "bus/pattern.hpp"
#include "runtime/asio_executor.hpp"
#include "support/manual_executor.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace narthex;
using namespace narthex::bus;
using test::ManualExecutor;

namespace {

// What a subscriber got, as text: "topic:sequence:value" and "+n" in front of a gap of n.
struct Seen {
  std::vector<std::string> events;
  Deliver deliver() {
    return [this](std::span<const Delivery> batch) {
      for (const Delivery& d : batch) {
        std::string text = d.dropped != 0 ? "+" + std::to_string(d.dropped) + " " : "";
        text += d.event->topic_name + ":" + std::to_string(d.event->sequence);
        const sdk::Value value = sdk::Value(&d.event->payload)["v"];
        events.push_back(text + ":" + std::to_string(value.get<int>()));
      }
    };
  }
};

struct Fixture {
  ManualExecutor executor{5000};
  telemetry::Registry registry;
  Bus bus{executor, registry};

  void publish(std::string_view topic, int v, bool retain = false, std::string_view key = {},
               std::string_view instance = "i") {
    bus.publish(topic, "test", {{"v", int_value(v)}, {"instance", text_value(instance)}}, retain,
                key);
  }
  std::unique_ptr<Subscription> subscribe(std::string_view pattern, Seen& seen,
                                          SubscribeOptions options = {}) {
    options.subscriber = options.subscriber.empty() ? "s" : options.subscriber;
    return std::move(bus.subscribe(pattern, options, seen.deliver())).value();
  }
};

}  // namespace

TEST_CASE("patterns choose one level, all below, or everything", "[bus]") {
  CHECK(matches("a.b", "a.b"));
  CHECK_FALSE(matches("a.b", "a.b.c"));
  CHECK(matches("a.*", "a.b"));
  CHECK_FALSE(matches("a.*", "a.b.c"));
  CHECK_FALSE(matches("a.*", "a"));
  CHECK_FALSE(matches("a.*", "ab.c"));
  CHECK(matches("a.>", "a.b.c"));
  CHECK_FALSE(matches("a.>", "a"));
  CHECK(matches(">", "a"));
}

TEST_CASE("names and patterns that mean nothing are refused", "[bus]") {
  for (const char* name : {"", ".", "a.", ".a", "a..b", "a b", "a.*", ">", "ä"}) {
    INFO(name);
    CHECK_FALSE(is_topic_name(name));
  }
  for (const char* pattern : {"", "*", "a.>.b", "a.*.b", "a>", ".>", ".*", "a..*"}) {
    INFO(pattern);
    CHECK_FALSE(is_pattern(pattern));
  }
  CHECK(is_pattern(">"));
  CHECK(is_topic_name("org.example-1.thing_2"));
}

TEST_CASE_METHOD(Fixture, "an event reaches whoever its topic matches, in order", "[bus]") {
  Seen one;
  Seen all;
  const auto first = subscribe("a.b", one);
  publish("a.b", 1);
  const auto second = subscribe(">", all);
  publish("a.b", 2);
  publish("c", 3);  // a topic that is born after the subscription
  CHECK(one.events.empty());
  executor.run_ready();
  CHECK(one.events == std::vector<std::string>{"a.b:1:1", "a.b:2:2"});
  CHECK(all.events == std::vector<std::string>{"a.b:2:2", "c:1:3"});
}

TEST_CASE_METHOD(Fixture, "an event carries its source, its time and a copy of its payload",
                 "[bus]") {
  Delivery got;
  const auto subscription =
      bus.subscribe("t", {}, [&](std::span<const Delivery> batch) { got = batch[0]; });
  {
    std::string text = "borrowed";
    bus.publish("t", "me", {{"text", text_value(text)}});
    text.assign("overwritten");
  }
  executor.run_ready();
  REQUIRE(got.event != nullptr);
  CHECK(got.event->source == "me");
  CHECK(got.event->t_ms == 5000);
  CHECK(got.event->topic == bus.topic("t"));
  CHECK(to_json(got.event->payload) == R"({"text":"borrowed"})");
}

TEST_CASE_METHOD(Fixture, "a full queue drops the oldest and says so", "[bus]") {
  Seen seen;
  Seen limits;
  SubscribeOptions options;
  options.queue_max = 2;
  const auto subscription = subscribe("t", seen, options);
  const auto watcher = subscribe("limits.hit", limits);
  for (int i = 1; i <= 5; ++i) publish("t", i);
  executor.run_ready();
  CHECK(seen.events == std::vector<std::string>{"+3 t:4:4", "t:5:5"});
  CHECK(limits.events.size() == 1);
  CHECK(bus.subscribers()[0].dropped == 3);
  CHECK(telemetry::render_text(registry).find(
            "narthex_bus_dropped_total{subscriber=\"s\",topic=\"t\"} 3\n") != std::string::npos);
  for (int i = 6; i <= 9; ++i) publish("t", i);
  executor.run_ready();
  CHECK(limits.events.size() == 2);  // a new episode
}

TEST_CASE_METHOD(Fixture, "a queue of one shows its gap too", "[bus]") {
  Seen seen;
  SubscribeOptions options;
  options.queue_max = 1;
  const auto subscription = subscribe("t", seen, options);
  for (int i = 1; i <= 4; ++i) publish("t", i);
  executor.run_ready();
  CHECK(seen.events == std::vector<std::string>{"+3 t:4:4"});
}

TEST_CASE_METHOD(Fixture, "a full queue may drop the newest instead", "[bus]") {
  Seen seen;
  SubscribeOptions options;
  options.queue_max = 2;
  options.overflow = NX_OVERFLOW_DROP_NEWEST;
  const auto subscription = subscribe("t", seen, options);
  for (int i = 1; i <= 5; ++i) publish("t", i);
  executor.run_ready();
  publish("t", 6);
  executor.run_ready();
  CHECK(seen.events == std::vector<std::string>{"t:1:1", "t:2:2", "+3 t:6:6"});
}

TEST_CASE_METHOD(Fixture, "coalescing keeps the last event a topic and key", "[bus]") {
  Seen seen;
  SubscribeOptions options;
  options.queue_max = 2;
  options.overflow = NX_OVERFLOW_COALESCE;
  options.coalesce_key = "instance";
  const auto subscription = subscribe("t", seen, options);
  publish("t", 1, false, {}, "a");
  publish("t", 2, false, {}, "b");
  publish("t", 3, false, {}, "a");
  executor.run_ready();
  CHECK(seen.events == std::vector<std::string>{"t:2:2", "t:3:3"});
  CHECK(bus.subscribers()[0].dropped == 0);
  seen.events.clear();
  for (const char* key : {"a", "b", "c", "c"}) publish("t", 4, false, {}, key);
  executor.run_ready();
  CHECK(seen.events == std::vector<std::string>{"+1 t:5:4", "t:7:4"});
}

TEST_CASE_METHOD(Fixture, "a subscriber may begin with the retained states", "[bus]") {
  publish("state", 1, true, "instance", "a");
  publish("state", 2, true, "instance", "b");
  publish("state", 3, true, "instance", "a");
  publish("state", 4);  // an event, not a state
  publish("other", 5, true);
  publish("other", 6, true);
  Seen with;
  Seen without;
  SubscribeOptions options;
  options.retained = true;
  const auto first = subscribe(">", with, options);
  const auto second = subscribe(">", without);
  executor.run_ready();
  CHECK(with.events == std::vector<std::string>{"state:2:2", "state:3:3", "other:2:6"});
  CHECK(without.events.empty());
  CHECK(bus.topics()[0].retained);
}

TEST_CASE_METHOD(Fixture, "after unsubscribing nothing arrives", "[bus]") {
  Seen seen;
  auto subscription = subscribe("t", seen);
  publish("t", 1);
  subscription.reset();
  executor.run_ready();
  publish("t", 2);
  executor.run_ready();
  CHECK(seen.events.empty());
  CHECK(bus.subscribers().empty());
}

TEST_CASE_METHOD(Fixture, "a subscriber may end itself and may publish", "[bus]") {
  std::unique_ptr<Subscription> subscription;
  int calls = 0;
  subscription = std::move(bus.subscribe("t", {}, [&](std::span<const Delivery>) {
                   ++calls;
                   publish("t", 2);
                   subscription.reset();
                 })).value();
  publish("t", 1);
  executor.run_ready();
  CHECK(calls == 1);
}

TEST_CASE_METHOD(Fixture, "what cannot be asked for is refused with a reason", "[bus]") {
  CHECK(bus.topic("not a topic") == 0);
  CHECK_FALSE(bus.subscribe("a.*.b", {}, [](auto) {}).ok());
  SubscribeOptions options;
  options.queue_max = 65537;
  CHECK_FALSE(bus.subscribe(">", options, [](auto) {}).ok());
  bus.publish(7, "x", int_value(1));  // no such topic, no table: nothing happens
  bus.publish(bus.topic("t"), "x", int_value(1));
  CHECK(bus.topics()[0].published == 0);
}

TEST_CASE_METHOD(Fixture, "the bus shows its queues and counts its events", "[bus]") {
  Seen seen;
  const auto a = subscribe("t", seen);
  const auto b = subscribe(">", seen);
  publish("t", 1);
  const std::string text = telemetry::render_text(registry);
  CHECK(text.find("narthex_bus_events_total{topic=\"t\"} 1\n") != std::string::npos);
  CHECK(text.find("narthex_bus_queue_length{subscriber=\"s\"} 2\n") != std::string::npos);
}

TEST_CASE("a payload as JSON hides what is secret", "[bus]") {
  sdk::TreeArena arena;
  nx_value secret = arena.string("hunter2");
  secret.flags = NX_VALUE_SECRET;
  nx_value secrets = arena.table(std::vector<nx_kv>{arena.entry("k", arena.integer(1))});
  secrets.flags = NX_VALUE_SECRET;
  const std::vector<nx_value> items = {arena.integer(-1), arena.null(), arena.boolean(true),
                                       arena.number(1.5), arena.number(INFINITY)};
  const std::vector<nx_kv> entries = {arena.entry("token", secret),
                                      arena.entry("all", secrets),
                                      arena.entry("list", arena.array(items)),
                                      arena.entry("none", arena.array({})),
                                      arena.entry("empty", arena.table({})),
                                      arena.entry("q\"", arena.string("\x01"))};
  sdk::TreeArena copy;
  const std::string expected =
      R"({"token":"<secret>","all":"<secret>","list":[-1,null,true,1.5,"+Inf"],)"
      R"("none":[],"empty":{},"q\"":"\u0001"})";
  CHECK(to_json(arena.table(entries)) == expected);
  CHECK(to_json(copy.clone(arena.table(entries))) == expected);
}

TEST_CASE("publishers, subscribers and their ends may race", "[bus]") {
  runtime::AsioExecutor executor({1, 4, 1});
  telemetry::Registry registry;
  Bus bus(executor, registry);
  std::uint64_t last = 0;
  std::promise<void> delivered;
  SubscribeOptions small;
  small.queue_max = 16;
  small.subscriber = "small";
  auto steady = bus.subscribe("t", small, [&](std::span<const Delivery> batch) {
    for (const Delivery& d : batch) {
      if (d.event->sequence != last + d.dropped + 1 && last != 0) std::terminate();
      if (last == 0) delivered.set_value();
      last = d.event->sequence;
    }
  });
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) bus.publish("t", "p", {{"v", int_value(i)}}, true);
    });
  }
  threads.emplace_back([&] {
    while (!stop) (void)telemetry::render_text(registry);
  });
  for (int i = 0; i < 200; ++i) {
    int calls = 0;  // dies right after the subscription
    SubscribeOptions options;
    options.retained = true;
    auto subscription = bus.subscribe(">", options, [&](std::span<const Delivery>) { ++calls; });
  }
  threads[0].join();
  threads[1].join();
  stop = true;
  threads[2].join();
  delivered.get_future().wait();
  steady = Result<std::unique_ptr<Subscription>>(std::unique_ptr<Subscription>());
  CHECK(bus.topics().back().published == 4'000);
}
