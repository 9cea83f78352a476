// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/process_metrics.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace narthex;
using namespace narthex::telemetry;

TEST_CASE("families come in name order, series in label order", "[telemetry]") {
  Registry registry;
  registry.gauge("b_gauge", "B.").set(2.5);
  registry.counter("a_total", "A \\ with\nbreak.", {{"x", "2"}}).add();
  registry.counter("a_total", "ignored", {{"x", "1\"\n\\"}}).add(1e6);
  CHECK(render_text(registry) ==
        "# HELP a_total A \\\\ with\\nbreak.\n"
        "# TYPE a_total counter\n"
        "a_total{x=\"1\\\"\\n\\\\\"} 1e+06\n"
        "a_total{x=\"2\"} 1\n"
        "# HELP b_gauge B.\n"
        "# TYPE b_gauge gauge\n"
        "b_gauge 2.5\n");
}

TEST_CASE("the same name and labels are the same cell", "[telemetry]") {
  Registry registry;
  Counter& first = registry.counter("a_total", "A.", {{"x", "1"}});
  for (int i = 0; i < 1000; ++i) {
    (void)registry.counter("a_total", "A.", {{"x", std::to_string(i)}});
  }
  CHECK(&registry.counter("a_total", "A.", {{"x", "1"}}) == &first);
}

TEST_CASE("a histogram is shown cumulative, with +Inf, sum and count", "[telemetry]") {
  Registry registry;
  const std::array<double, 2> bounds = {0.1, 2000000};
  Histogram& histogram = registry.histogram("h_seconds", "H.", bounds, {{"a", "b"}});
  histogram.observe(0.1);  // bounds are inclusive
  histogram.observe(1);
  histogram.observe(3000000);
  CHECK(render_text(registry) ==
        "# HELP h_seconds H.\n"
        "# TYPE h_seconds histogram\n"
        "h_seconds_bucket{a=\"b\",le=\"0.1\"} 1\n"
        "h_seconds_bucket{a=\"b\",le=\"2e+06\"} 2\n"
        "h_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"
        "h_seconds_sum{a=\"b\"} 3.0000011e+06\n"
        "h_seconds_count{a=\"b\"} 3\n");
}

TEST_CASE("a removed series is gone, and its family with the last one", "[telemetry]") {
  Registry registry;
  (void)registry.gauge("g", "G.", {{"x", "1"}});
  (void)registry.gauge("g", "G.", {{"x", "2"}});
  registry.remove("g", {{"x", "1"}});
  CHECK(render_text(registry).find("x=\"1\"") == std::string::npos);
  registry.remove("g", {{"x", "2"}});
  registry.remove("unknown", {});
  CHECK(render_text(registry).empty());
}

TEST_CASE("callbacks add to the families, as long as their handle lives", "[telemetry]") {
  Registry registry;
  registry.counter("a_total", "A.", {{"x", "1"}}).add(1);
  auto handle = registry.on_gather([](Gathering& out) {
    out.counter("a_total", "A.", {{"x", "2"}}, 2);
    out.gauge("late", "L.", {}, 3);
  });
  CHECK(render_text(registry) ==
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 2\n"
        "# HELP late L.\n# TYPE late gauge\nlate 3\n");
  handle.reset();
  CHECK(render_text(registry).find("late") == std::string::npos);
}

TEST_CASE("a handle may outlive its registry", "[telemetry]") {
  auto registry = std::make_unique<Registry>();
  auto handle = registry->on_gather([](Gathering&) {});
  registry.reset();
  handle.reset();
}

TEST_CASE("a callback may ask the registry for cells", "[telemetry]") {
  Registry registry;
  const auto handle =
      registry.on_gather([&](Gathering&) { registry.counter("seen_total", "S.").add(); });
  (void)render_text(registry);
  CHECK(registry.counter("seen_total", "S.").value() == 1);
}

TEST_CASE("a name that is used with two types is logged and not mixed up", "[telemetry]") {
  std::string lines;
  capture_log(&lines);
  Registry registry;
  registry.counter("x", "X.").add(1);
  registry.gauge("x", "X.").set(5);
  capture_log(nullptr);
  CHECK(lines.find("two types") != std::string::npos);
  CHECK(render_text(registry) == "# HELP x X.\n# TYPE x counter\nx 1\n");
}

TEST_CASE("cells count exactly while others gather", "[telemetry]") {
  Registry registry;
  Counter& counter = registry.counter("n_total", "N.");
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) (void)render_text(registry);
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 10'000; ++i) counter.add();
      for (int i = 0; i < 100; ++i) {
        (void)registry.on_gather([](Gathering& out) { out.gauge("g", "G.", {}, 1); });
        (void)registry.gauge("t", "T.", {{"t", std::to_string(t)}});
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  reader.join();
  CHECK(counter.value() == 30'000);
}

TEST_CASE("the stat line of a process is read behind its name", "[telemetry]") {
  const auto stat = parse_process_stat(
      "1234 (a ) b) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 7 0 12345 104857600 2560 "
      "18446744073709551615 1 1 0\n");
  REQUIRE(stat);
  CHECK(stat->cpu_ticks == 300);
  CHECK(stat->threads == 7);
  CHECK(stat->start_ticks == 12345);
  CHECK(stat->virtual_bytes == 104857600);
  CHECK(stat->resident_pages == 2560);
  CHECK_FALSE(parse_process_stat("1234 (x) S 1"));
  CHECK_FALSE(parse_process_stat(""));
}

TEST_CASE("the process shows what every client library shows", "[telemetry]") {
  Registry registry;
  const auto handle = register_process_metrics(registry);
  const std::string text = render_text(registry);
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_max_fds", "process_start_time_seconds",
                           "process_virtual_memory_bytes", "process_virtual_memory_max_bytes"}) {
    INFO(name);
    CHECK(text.find("\n" + std::string(name) + " ") != std::string::npos);
  }
}
