// SPDX-License-Identifier: Apache-2.0
// The host services, called as a plugin calls them.
#include "host/gather_service.hpp"
#include "host/path_watcher.hpp"
#include "support/host_fixture.hpp"

#include <narthex/event.h>
#include <narthex/exporter.h>
#include <narthex/host.h>
#include <narthex/sdk/guard.hpp>
#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <thread>

using namespace narthex;
namespace fs = std::filesystem;

namespace {

// A started instance, seen from the plugin's side.
struct Services : test::HostFixture {
  Services() : HostFixture({std::string(NARTHEX_BAD) + "/good"}) {
    auto made = create(NX_EXPORTER_ID, "bad", nullptr, "example.good");
    REQUIRE(made.status().message() == "");
    instance = *made;
    REQUIRE(instance->start().ok());
    host = instance->host();
  }
  template <class T>
  const T& service(const char* id) const {
    const auto* table = static_cast<const T*>(host->get_extension(host, to_nx(id)));
    REQUIRE(table != nullptr);
    REQUIRE(table->struct_size == sizeof(T));
    return *table;
  }
  std::shared_ptr<host::Instance> instance;
  const nx_host* host = nullptr;
};

void count_up(void* user) { ++*static_cast<int*>(user); }

}  // namespace

TEST_CASE("posted tasks run later, on the pool that was asked for", "[services]") {
  Services f;
  const auto& tasks = f.service<nx_ext_tasks>(NX_EXT_TASKS);
  int worker = 0;
  int io = 0;
  CHECK(tasks.post(f.host, 0, &count_up, &worker) == NX_OK);
  CHECK(tasks.post(f.host, 1, &count_up, &io) == NX_OK);
  CHECK(worker + io == 0);
  f.executor.run_ready();
  CHECK(worker == 1);
  CHECK(io == 1);
}

TEST_CASE("after stop nothing of an instance runs", "[services]") {
  Services f;
  const auto& tasks = f.service<nx_ext_tasks>(NX_EXT_TASKS);
  int count = 0;
  nx_timer* timer = nullptr;
  CHECK(tasks.post(f.host, 0, &count_up, &count) == NX_OK);
  CHECK(tasks.timer_start(f.host, 0, 10, 10, &count_up, &count, &timer) == NX_OK);
  f.instance->stop(f.soon_ns());
  f.executor.advance_ms(1000);
  CHECK(count == 0);
  CHECK(tasks.post(f.host, 0, &count_up, &count) == NX_ERR_PRECONDITION);
  CHECK(tasks.timer_start(f.host, 0, 1, 0, &count_up, &count, &timer) == NX_ERR_PRECONDITION);

  REQUIRE(f.instance->start().ok());  // and once more
  CHECK(tasks.post(f.host, 0, &count_up, &count) == NX_OK);
  f.executor.run_ready();
  CHECK(count == 1);
}

TEST_CASE("timers tick, skip what is late, and end", "[services]") {
  Services f;
  const auto& tasks = f.service<nx_ext_tasks>(NX_EXT_TASKS);
  int periodic = 0;
  int once = 0;
  nx_timer* timer = nullptr;
  nx_timer* single = nullptr;
  CHECK(tasks.timer_start(f.host, 0, 5, 10, &count_up, &periodic, &timer) == NX_OK);
  CHECK(tasks.timer_start(f.host, 1, 7, 0, &count_up, &once, &single) == NX_OK);
  f.executor.advance_ms(30);
  CHECK(periodic == 3);  // 5, 15, 25
  CHECK(once == 1);
  f.executor.manual_clock().advance_ns(45 * 1'000'000);  // now 75: 35 ... 65 are missed, 75 is due
  f.executor.run_ready();
  CHECK(periodic == 4);
  f.executor.advance_ms(10);
  CHECK(periodic == 5);
  tasks.timer_stop(f.host, timer);
  tasks.timer_stop(f.host, timer);  // harmless
  tasks.timer_stop(f.host, nullptr);
  f.executor.advance_ms(100);
  CHECK(periodic == 5);
}

TEST_CASE("a timer may stop itself", "[services]") {
  Services f;
  const auto& tasks = f.service<nx_ext_tasks>(NX_EXT_TASKS);
  struct Self {
    const nx_host* host;
    const nx_ext_tasks* tasks;
    nx_timer* timer = nullptr;
    int count = 0;
  } self{f.host, &tasks};
  const auto fn = [](void* user) {
    auto& s = *static_cast<Self*>(user);
    if (++s.count == 2) s.tasks->timer_stop(s.host, s.timer);
  };
  CHECK(tasks.timer_start(f.host, 0, 1, 1, fn, &self, &self.timer) == NX_OK);
  f.executor.advance_ms(10);
  CHECK(self.count == 2);
}

TEST_CASE("a watched file tells of its replacement once a burst", "[services]") {
  Services f;
  const auto& tasks = f.service<nx_ext_tasks>(NX_EXT_TASKS);
  const std::string path = f.data.write("watched.yml", "a");
  int count = 0;
  REQUIRE(tasks.watch_path(f.host, to_nx(path), &count_up, &count) == NX_OK);
  const auto settle = [&] {
    // The watching thread schedules on the test's executor; wait for it, then let time pass.
    for (int i = 0; i < 5000 && f.executor.timer_count() == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    f.executor.advance_ms(host::PathWatcher::kBurstMs);
  };
  f.data.write("unrelated.yml", "b");
  f.data.write("new.yml", "b");
  fs::rename(f.data.path() / "new.yml", path);
  settle();
  CHECK(count == 1);
  CHECK(tasks.watch_path(f.host, to_nx(path), nullptr, nullptr) == NX_OK);
  CHECK(tasks.watch_path(f.host, NX_STR("/no/such/folder/file"), &count_up, &count) ==
        NX_ERR_NOT_FOUND);
}

TEST_CASE("the text service parses, and names the place of what is wrong", "[services]") {
  Services f;
  const auto& text = f.service<nx_ext_text>(NX_EXT_TEXT);
  std::int64_t seen = 0;
  const auto sink = [](void* ctx, const nx_value* tree) {
    *static_cast<std::int64_t*>(ctx) = sdk::Value(tree)["a"].get<std::int64_t>();
  };
  sdk::ErrorSlot err;
  CHECK(text.parse(f.host, NX_TEXT_JSON, NX_STR("x"), to_nx_bytes(R"({"a": 1})"), sink, &seen,
                   &err) == NX_OK);
  CHECK(seen == 1);
  CHECK(text.parse(f.host, NX_TEXT_YAML, NX_STR("x"), to_nx_bytes("a: 2"), sink, &seen, &err) ==
        NX_OK);
  CHECK(seen == 2);
  CHECK(text.parse(f.host, NX_TEXT_TOML, NX_STR("x"), to_nx_bytes("a = 3"), sink, &seen, &err) ==
        NX_OK);
  CHECK(seen == 3);
  const nx_status status = text.parse(f.host, NX_TEXT_JSON, NX_STR("bad.json"),
                                      to_nx_bytes("{\n 1}"), sink, &seen, &err);
  CHECK(status == NX_ERR_INVALID_DATA);
  CHECK(err.status(status).message().starts_with("bad.json:2:"));
  CHECK(text.parse(f.host, 9, NX_STR("x"), to_nx_bytes(""), sink, &seen, nullptr) ==
        NX_ERR_INVALID_ARGUMENT);
}

TEST_CASE("state survives, keeps every type, and is bounded", "[services]") {
  Services f;
  const auto& state = f.service<nx_ext_state>(NX_EXT_STATE);
  sdk::TreeArena arena;
  const nx_value items[] = {arena.number(1.5), arena.boolean(true), arena.time_ms(7), arena.null()};
  const nx_kv entries[] = {arena.entry("text", arena.string("x")),
                           arena.entry("list", arena.array(items))};
  const nx_value value = arena.table(entries);
  sdk::ErrorSlot err;
  const auto key = to_nx("pos/../1");  // no way out of the folder
  REQUIRE(state.put(f.host, key, &value, &err) == NX_OK);
  CHECK(fs::exists(f.data.path() / "state" / "example.good" / "pos%2f..%2f1"));

  struct Seen {
    std::string text;
    std::vector<int> types;
  } seen;
  const auto sink = [](void* ctx, const nx_value* tree) {
    auto& s = *static_cast<Seen*>(ctx);
    s.text = sdk::Value(tree)["text"].get<std::string>();
    for (const nx_value& item : sdk::Value(tree)["list"].items()) s.types.push_back(item.type);
  };
  CHECK(state.get(f.host, key, sink, &seen, &err) == NX_OK);
  CHECK(seen.text == "x");
  CHECK(seen.types == std::vector<int>{NX_FLOAT, NX_BOOL, NX_TIME, NX_NULL});
  CHECK(state.get(f.host, NX_STR("none"), sink, &seen, &err) == NX_ERR_NOT_FOUND);
  CHECK(state.get(f.host, NX_STR(""), sink, &seen, &err) == NX_ERR_INVALID_ARGUMENT);

  const nx_value large = arena.string(std::string(600'000, 'x'));
  CHECK(state.put(f.host, NX_STR("a"), &large, &err) == NX_OK);
  CHECK(state.put(f.host, NX_STR("a"), &large, &err) == NX_OK);  // replaces
  CHECK(state.put(f.host, NX_STR("b"), &large, &err) == NX_ERR_EXHAUSTED);

  f.data.write("state/example.good/a", "garbage");
  CHECK(state.get(f.host, NX_STR("a"), sink, &seen, &err) == NX_ERR_CORRUPT);
}

TEST_CASE("an instance has a folder of its own", "[services]") {
  Services f;
  const auto& folder = f.service<nx_ext_folder>(NX_EXT_FOLDER);
  const auto path = [&] {
    std::string text;
    sdk::ErrorSlot err;
    err.check(folder.path(
        f.host,
        [](void* out, const nx_value* value) {
          *static_cast<std::string*>(out) = sdk::Value(value).get<std::string>();
        },
        &text, &err));
    return text;
  };
  const std::string first = path();
  CHECK(fs::is_directory(first));
  CHECK(fs::path(first).parent_path().filename() == "plugins");
  CHECK((fs::status(first).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
        fs::perms::none);
  CHECK(path() == first);
}

TEST_CASE("cells carry the instance and go with it", "[services]") {
  Services f;
  const auto& metrics = f.service<nx_ext_metrics>(NX_EXT_METRICS);
  const nx_label labels[] = {{NX_STR("queue"), NX_STR("a")}};
  nx_cell* cell =
      metrics.cell(f.host, NX_TYPE_GAUGE, NX_STR("example_depth"), NX_STR("Depth."), labels, 1);
  REQUIRE(cell != nullptr);
  metrics.set(cell, 3);
  metrics.add(cell, 2);
  metrics.add(nullptr, 1);
  CHECK(metrics.cell(f.host, NX_TYPE_HISTOGRAM, NX_STR("h"), NX_STR(""), nullptr, 0) == nullptr);
  const std::string line = "example_depth{plugin_instance=\"example.good\",queue=\"a\"} 5";
  CHECK(telemetry::render_text(f.registry).find(line) != std::string::npos);
  f.instance.reset();
  CHECK(telemetry::render_text(f.registry).find("example_depth") == std::string::npos);
}

TEST_CASE("gather pushes the agent's metrics as one batch", "[services]") {
  Services f;
  f.registry.counter("agent_things_total", "Things.", Labels{{"A", "x"}, {"b", "y"}}).add(4);
  const auto& gather = f.service<nx_ext_gather>(NX_EXT_GATHER);
  std::map<std::string, double> seen;
  const auto sink = [](void* ctx, const nx_sample_batch* batch) -> nx_status {
    auto& out = *static_cast<std::map<std::string, double>*>(ctx);
    const nx_series_table& t = *batch->table;
    for (std::uint64_t row = 0; row < batch->rows; ++row) {
      std::string series;
      const std::uint32_t s = batch->series[row];
      for (std::uint32_t p = t.label_off[s]; p < t.label_off[s + 1]; ++p) {
        series += std::string(view(t.symbols[t.label_ref[2 * p]])) + '=' +
                  std::string(view(t.symbols[t.label_ref[2 * p + 1]])) + ' ';
      }
      out[series] = batch->v[row];
    }
    return NX_OK;
  };
  sdk::ErrorSlot err;
  CHECK(gather.gather(f.host, sink, &seen, &err) == NX_OK);
  CHECK(seen["A=x __name__=agent_things_total b=y "] == 4);
  CHECK(seen.count("__name__=narthex_plugin_info instance=example.good plugin=org.example.bad "
                   "version=1.0.0 ") == 1);
}

TEST_CASE("a retained event outlives its delivery", "[services]") {
  Services f;
  const auto& bus = f.service<nx_ext_bus>(NX_EXT_BUS);
  struct Seen {
    const nx_value* payload = nullptr;
    nx_buffer* owner = nullptr;
    int count = 0;
  } seen;
  const auto fn = [](void* user, const nx_event* const* events, std::uint32_t count) {
    auto& s = *static_cast<Seen*>(user);
    s.count += static_cast<int>(count);
    if (s.owner != nullptr) return;
    s.payload = events[0]->payload;
    s.owner = events[0]->owner;
    s.owner->retain(s.owner);
  };
  nx_subscription* subscription = nullptr;
  REQUIRE(bus.subscribe(f.host, NX_STR("thing.*"), nullptr, fn, &seen, &subscription, nullptr) ==
          NX_OK);
  f.bus.publish("thing.a", "test", {{"n", bus::int_value(42)}});
  f.bus.publish("other.a", "test", {{"n", bus::int_value(1)}});
  f.executor.run_ready();
  CHECK(seen.count == 1);
  bus.unsubscribe(f.host, subscription);
  f.bus.publish("thing.a", "test", {{"n", bus::int_value(43)}});
  f.executor.run_ready();
  CHECK(seen.count == 1);
  CHECK(sdk::Value(seen.payload)["n"].get<int>() == 42);
  seen.owner->release(seen.owner);
}

TEST_CASE("the bus keeps what an instance is now", "[services]") {
  Services f;
  std::vector<std::string> states;
  bus::SubscribeOptions options;
  options.subscriber = "test";
  options.retained = true;
  auto subscription =
      f.bus.subscribe("plugin.state", options, [&](std::span<const bus::Delivery> deliveries) {
        for (const auto& d : deliveries) {
          const sdk::Value payload(&d.event->payload);
          states.push_back(payload["state"].get<std::string>() + ' ' +
                           payload["health"].get<std::string>() + ' ' +
                           payload["reason"].get<std::string>());
        }
      });
  f.executor.run_ready();
  CHECK(states == std::vector<std::string>{"running ok "});
  f.host->set_health(f.host, NX_HEALTH_DEGRADED, NX_STR("one of two peers is away"));
  f.host->set_health(f.host, NX_HEALTH_DEGRADED, NX_STR("one of two peers is away"));
  f.executor.run_ready();
  REQUIRE(states.size() == 2);
  CHECK(states[1] == "running degraded one of two peers is away");
  f.instance->stop(f.soon_ns());
  f.executor.run_ready();
  CHECK(states.back() == "stopped degraded one of two peers is away");
}

TEST_CASE("buffers are counted, aligned and bounded", "[services]") {
  Services f;
  void* memory = nullptr;
  nx_buffer* buffer = f.host->buffer_new(f.host, 1000, &memory);
  REQUIRE(buffer != nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(memory) % 64 == 0);
  CHECK(f.plugins->view().instances[0].buffer_bytes == 1000);
  buffer->retain(buffer);
  buffer->release(buffer);
  CHECK(f.plugins->view().instances[0].buffers == 1);
  buffer->release(buffer);
  CHECK(f.plugins->view().instances[0].buffers == 0);
  CHECK(f.host->buffer_new(f.host, std::uint64_t{1} << 40, &memory) == nullptr);
}

TEST_CASE("a callback of an instance waits while another call of it runs", "[services]") {
  // Real threads: the gate is what is tested.
  Services f;
  const host::CallSite site = f.instance->site("narthex.exporter/1.collect", 10'000);
  std::atomic<int> inside{0};
  std::atomic<int> overlaps{0};
  const auto body = [&] {
    for (int i = 0; i < 2000; ++i) {
      (void)f.instance->call(site, [&](void*, nx_error*) {
        if (inside.fetch_add(1) != 0) overlaps.fetch_add(1);
        inside.fetch_sub(1);
        return NX_OK;
      });
    }
  };
  std::thread other(body);
  body();
  other.join();
  CHECK(overlaps.load() == 0);
}
