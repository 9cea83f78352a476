// SPDX-License-Identifier: Apache-2.0
// The examples, loaded through the real plugin host: built against its headers, and against newer
// ones, in which every extensible struct has grown.
#include "support/host_fixture.hpp"

#include <narthex/discovery.h>
#include <narthex/function.h>
#include <narthex/notifier.h>
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace narthex;

namespace {

struct Examples : test::HostFixture {
  explicit Examples(const std::string& folder = NARTHEX_EXAMPLES) : HostFixture({folder}) {}
};

std::string of_either() {
  return GENERATE(as<std::string>{}, NARTHEX_EXAMPLES, NARTHEX_SKEW "/examples");
}

// A sink that keeps what it is told.
struct TargetSink : nx_discovery_sink {
  TargetSink() {
    struct_size = sizeof(nx_discovery_sink);
    reserved0 = 0;
    impl = this;
    update = [](const nx_discovery_sink* sink, const nx_target_group* const* groups,
                std::uint32_t count, nx_error*) -> nx_status {
      auto& seen = static_cast<TargetSink*>(sink->impl)->addresses;
      for (std::uint32_t i = 0; i < count; ++i) {
        auto& list = seen[std::string(view(groups[i]->source))];
        list.clear();
        for (std::uint32_t t = 0; t < groups[i]->target_count; ++t) {
          list.emplace_back(view(groups[i]->targets[t].labels[0].value));
        }
      }
      return NX_OK;
    };
    synced = [](const nx_discovery_sink*) {};
  }
  std::map<std::string, std::vector<std::string>> addresses;
};

std::vector<double> evaluate(host::Instance& instance, std::vector<double> values) {
  const auto* set = static_cast<const nx_function_set*>(instance.table(NX_FUNCTIONS_ID));
  REQUIRE(set != nullptr);
  std::vector<double> out(values.size());
  nx_elem_in in{};
  in.struct_size = sizeof in;
  in.series_count = 1;
  in.n = values.size();
  in.v = values.data();
  nx_elem_out result{sizeof(nx_elem_out), 0, out.data(), nullptr};
  const Status status =
      instance.call(instance.site("narthex.functions/1.eval", 0), [&](void* self, nx_error* err) {
        return set->functions[0]->eval(self, nullptr, &in, &result, err);
      });
  REQUIRE(status.message() == "");
  return out;
}

}  // namespace

TEST_CASE("the discovery example turns lines into targets", "[examples]") {
  Examples f(of_either());
  sdk::TreeArena arena;
  const std::string path = f.data.write("targets", "# comment\nalpha\nbeta:1234\n");
  const nx_kv entries[] = {arena.entry("path", arena.string(path))};
  const nx_value config = arena.table(entries);
  auto made = f.create(NX_DISCOVERY_ID, "lines", &config);
  REQUIRE(made.status().message() == "");
  host::Instance& lines = **made;
  CHECK(lines.plugin_id() == "org.example.lines");
  CHECK(sdk::Value(&lines.config())["port"].get<int>() == 9100);
  REQUIRE(lines.start().ok());

  const auto* table = static_cast<const nx_discovery*>(lines.table(NX_DISCOVERY_ID));
  TargetSink sink;
  const host::CallSite site = lines.site("narthex.discovery/1.refresh", 30'000);
  const auto refresh = [&] {
    return lines.call(site,
                      [&](void* self, nx_error* err) { return table->refresh(self, &sink, err); });
  };
  REQUIRE(refresh().message() == "");
  CHECK(sink.addresses[path] == std::vector<std::string>{"alpha:9100", "beta:1234"});

  std::filesystem::remove(path);
  const Status status = refresh();
  CHECK(status.code() == NX_ERR_UNAVAILABLE);
  CHECK(status.retry_after_ms() == 5000);
  CHECK(status.message() == "cannot open " + path);
  lines.stop(f.soon_ns());
}

TEST_CASE("the C example computes", "[examples]") {
  Examples f;
  auto made = f.create(NX_FUNCTIONS_ID, "cubes");
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().ok());
  CHECK(evaluate(**made, {1, 2, -3}) == std::vector<double>{1, 8, -27});
}

#ifdef NARTHEX_HAS_RUST
TEST_CASE("the Rust example computes", "[examples]") {
  Examples f;
  auto made = f.create(NX_FUNCTIONS_ID, "square");
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().ok());
  CHECK(evaluate(**made, {1, 2, -3}) == std::vector<double>{1, 4, 9});
}
#endif

TEST_CASE("the notifier example writes alerts into the log", "[examples]") {
  Examples f(of_either());
  auto made = f.create(NX_NOTIFIER_ID, "printer");
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().ok());
  const nx_label labels[] = {{NX_STR("alertname"), NX_STR("HostDown")}};
  const nx_label annotations[] = {{NX_STR("summary"), NX_STR("it is gone")}};
  nx_alert alert{};
  alert.struct_size = sizeof alert;
  alert.labels = labels;
  alert.label_count = 1;
  alert.annotations = annotations;
  alert.annotation_count = 1;
  const nx_alert* batch[] = {&alert};
  const auto* table = static_cast<const nx_notifier*>((*made)->table(NX_NOTIFIER_ID));
  const Status status = (*made)->call(
      (*made)->site("narthex.notifier/1.notify", 10'000),
      [&](void* self, nx_error* err) { return table->notify(self, batch, 1, f.soon_ns(), err); });
  CHECK(status.ok());
  CHECK(f.log.has("alert fires"));
  CHECK(f.log.has("alertname=HostDown"));
  CHECK(f.log.has("instance=example.printer"));
}

TEST_CASE("the event example counts and publishes", "[examples]") {
  Examples f(of_either());
  sdk::TreeArena arena;
  const nx_kv entries[] = {arena.entry("pattern", arena.string("thing.>")),
                           arena.entry("round", arena.integer(2))};
  const nx_value config = arena.table(entries);
  auto made = f.create("", "tally", &config);
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().message() == "");

  std::vector<std::int64_t> reached;
  bus::SubscribeOptions options;
  options.subscriber = "test";
  auto subscription = f.bus.subscribe(
      "org.example.tally.>", options, [&](std::span<const bus::Delivery> deliveries) {
        for (const auto& d : deliveries) {
          reached.push_back(sdk::Value(&d.event->payload)["count"].get<std::int64_t>());
        }
      });
  REQUIRE(subscription.ok());
  for (int i = 0; i < 5; ++i) f.bus.publish("thing.happened", "test", {{"n", bus::int_value(i)}});
  f.executor.run_ready();
  CHECK(reached == std::vector<std::int64_t>{2, 4});
  CHECK(telemetry::render_text(f.registry)
            .find("example_tally_events_total{plugin_instance=\"example.tally\"} 5") !=
        std::string::npos);

  (*made)->stop(f.soon_ns());
  made->reset();
  CHECK(telemetry::render_text(f.registry).find("example_tally") == std::string::npos);
}

TEST_CASE("every example is loaded and none refused", "[examples]") {
  Examples f(of_either());
  f.plugins->load_everything();
  const host::HostView view = f.plugins->view();
  for (const auto& rejected : view.rejected) CHECK(rejected.reason == "");
  CHECK(view.libraries.size() >= 4);
  for (const auto& library : view.libraries) {
    CHECK(library.warning == "");
    CHECK_FALSE(library.build_id.empty());
  }
}
