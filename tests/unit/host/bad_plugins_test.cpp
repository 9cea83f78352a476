// SPDX-License-Identifier: Apache-2.0
// Each bad plugin of tests/plugins is refused or contained with a message that names it.
#include "support/host_fixture.hpp"

#include <narthex/exporter.h>
#include <narthex/sdk/value.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <sys/stat.h>
#include <thread>

using namespace narthex;
namespace fs = std::filesystem;

namespace {

std::string bad(const std::string& name) { return std::string(NARTHEX_BAD) + '/' + name; }

// What the host says about the only file of a folder; empty: it took it.
std::string refusal(const std::string& name) {
  test::HostFixture f({bad(name)});
  f.plugins->load_everything();
  const host::HostView view = f.plugins->view();
  if (view.rejected.empty()) return "";
  CHECK(view.libraries.empty());
  CHECK(f.log.has("plugin file refused"));
  CHECK(f.log.has(name + ".so"));
  CHECK(view.rejected[0].reason.find(name + ".so: ") != std::string::npos);
  return view.rejected[0].reason;
}

bool ends_with(const std::string& text, std::string_view end) {
  INFO(text);
  const bool ends = std::string_view(text).ends_with(end);
  CHECK(ends);
  return ends;
}

Status collect(host::Instance& instance, std::int64_t deadline_ms = 1000) {
  const auto* table = static_cast<const nx_exporter*>(instance.table(NX_EXPORTER_ID));
  return instance.call(
      instance.site("narthex.exporter/1.collect", deadline_ms),
      [&](void* self, nx_error* err) { return table->collect(self, nullptr, err); });
}

}  // namespace

TEST_CASE("a file that is as it should be is taken", "[bad plugins]") {
  CHECK(refusal("good") == "");
}

TEST_CASE("another ABI is refused before anything of the file runs", "[bad plugins]") {
  ::unsetenv("NARTHEX_BAD_PLUGIN_RAN");
  ends_with(refusal("other_abi"), "built for plugin ABI 0.2, this agent has 0.1");
  CHECK(::getenv("NARTHEX_BAD_PLUGIN_RAN") == nullptr);
  ends_with(refusal("older_abi"), "built for plugin ABI 0.0, this agent has 0.1");
  CHECK(::getenv("NARTHEX_BAD_PLUGIN_RAN") == nullptr);
  ends_with(refusal("no_note"), "not a Narthex plugin: it has no plugin note");
  CHECK(::getenv("NARTHEX_BAD_PLUGIN_RAN") == nullptr);
}

TEST_CASE("who lies in the note is refused", "[bad plugins]") {
  ends_with(refusal("lying_id"),
            "its note says org.example.honest 1.0.0, its descriptor org.example.bad 1.0.0");
  ends_with(refusal("lying_abi"), "its note says plugin ABI 0.1, its descriptor 0.7");
  ends_with(refusal("needs_newer"), "needs plugin ABI 0.7, this agent has 0.1");
}

TEST_CASE("a descriptor that is damaged is refused", "[bad plugins]") {
  ends_with(refusal("short_plugin"), "its descriptor is NULL or has too small a struct_size");
  ends_with(refusal("no_descriptor"), "its descriptor is NULL or has too small a struct_size");
  ends_with(refusal("short_component"), "component 0: is NULL or has too small a struct_size");
  ends_with(refusal("no_collect"),
            "component 0: interface narthex.exporter/1: its table lacks collect");
  ends_with(refusal("bad_name"), "component 0: has a name that is not [a-z][a-z0-9_]*");
  ends_with(refusal("bad_text"), "component 0: has a summary that is no text");
  ends_with(refusal("twice"), "two components are named bad");
  CHECK(refusal("bad_schema").find("\"patternProperties\" is outside of the subset") !=
        std::string::npos);
  ends_with(refusal("bad_default"), "a default breaks it: port must be at least 1, it is 0");
}

TEST_CASE("a file that cannot be linked is refused", "[bad plugins]") {
  ends_with(refusal("no_entry"), "it does not export narthex_plugin_v0");
  ends_with(refusal("incomplete"), "incomplete.so: undefined symbol: nobody_has_this");
}

TEST_CASE("symbols beside the entry are reported and stay in the file", "[bad plugins]") {
  test::HostFixture f({bad("showy")});
  f.plugins->load_everything();
  const host::HostView view = f.plugins->view();
  REQUIRE(view.libraries.size() == 1);
  CHECK(view.libraries[0].warning.find("look_at_me") != std::string::npos);
  CHECK(f.log.has("look_at_me"));
}

TEST_CASE("a component whose needs are not met is not made", "[bad plugins]") {
  test::HostFixture f({bad("needy")});
  const auto made = f.create(NX_EXPORTER_ID, "bad");
  CHECK(
      made.status().message() ==
      "org.example.bad/bad needs the host service narthex.unheard_of/1, which this agent has not");
}

TEST_CASE("a file or folder that others may write to is refused", "[bad plugins]") {
  test::TemporaryFolder folder;
  const fs::path file = folder.path() / "good.so";
  fs::copy_file(bad("good") + "/good.so", file);
  const auto reason = [&] {
    host::HostOptions options;
    options.plugin_dirs = {folder.path().string()};
    test::HostFixture f;
    host::PluginHost plugins(options, {f.executor, f.registry, f.bus, nullptr});
    plugins.load_everything();
    const host::HostView view = plugins.view();
    return view.rejected.empty() ? std::string() : view.rejected[0].reason;
  };
  ::chmod(file.c_str(), 0666);
  const std::string file_command =
      "writable by everybody; mend it with: chmod go-w " + file.string();
  ends_with(reason(), file_command);
  ::chmod(file.c_str(), 0664);
  CHECK(reason().find("writable by its group") != std::string::npos);
  ::chmod(file.c_str(), 0644);
  CHECK(reason() == "");
  ::chmod(folder.path().c_str(), 0775);
  ends_with(reason(), "chmod go-w " + folder.path().string());
}

TEST_CASE("an exception is contained, named, and switches the instance off", "[bad plugins]") {
  test::HostFixture f({bad("thrower")});
  auto made = f.create(NX_EXPORTER_ID, "thrower");
  REQUIRE(made.status().message() == "");
  host::Instance& thrower = **made;
  REQUIRE(thrower.start().ok());
  CHECK(thrower.available());

  const Status status = collect(thrower);
  CHECK(status.code() == NX_ERR_INTERNAL);
  CHECK(status.message() ==
        "example.thrower narthex.exporter/1.collect: the plugin threw an exception");
  CHECK_FALSE(thrower.available());
  CHECK(collect(thrower).code() == NX_ERR_UNAVAILABLE);  // not even called
  const host::HostView view = f.plugins->view();
  CHECK(view.instances[0].health == "failed");
  CHECK(view.instances[0].breaker == "open");
  CHECK(view.instances[0].reason == "narthex.exporter/1.collect threw an exception");

  f.executor.advance_ms(61'000);
  CHECK(thrower.available());
  CHECK(collect(thrower).code() == NX_ERR_INTERNAL);
  f.executor.advance_ms(61'000);
  CHECK_FALSE(thrower.available());  // two minutes the second time
  f.executor.advance_ms(61'000);
  CHECK(thrower.available());
}

TEST_CASE("what is written past an error stays in its fence and switches the instance off",
          "[bad plugins]") {
  test::HostFixture f({bad("write_past")});
  auto made = f.create(NX_EXPORTER_ID, "write_past");
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().ok());
  nx_collection collection{};
  collection.struct_size = sizeof collection;
  collection.family = [](const nx_collection*, std::uint32_t, nx_str, nx_str,
                         nx_str) -> std::uint32_t { return 1; };
  collection.sample = [](const nx_collection*, std::uint32_t, const nx_label*, std::uint32_t,
                         double, std::int64_t) -> nx_status { return NX_OK; };
  const auto* table = static_cast<const nx_exporter*>((*made)->table(NX_EXPORTER_ID));
  const Status status = (*made)->call(
      (*made)->site("narthex.exporter/1.collect", 1000),
      [&](void* self, nx_error* err) { return table->collect(self, &collection, err); });
  CHECK(status.code() == NX_ERR_INTERNAL);
  CHECK(status.message() ==
        "example.write_past narthex.exporter/1.collect: the plugin wrote past the end of nx_error");
  CHECK_FALSE((*made)->available());
  CHECK(f.log.has("plugin wrote past the end of nx_error"));
}

TEST_CASE("an exception in the life cycle is contained as well", "[bad plugins]") {
  test::HostFixture f({bad("thrower")});
  for (const std::string at : {"create", "start", "stop"}) {
    sdk::TreeArena arena;
    const nx_kv entries[] = {arena.entry("at", arena.string(at))};
    const nx_value config = arena.table(entries);
    auto made = f.create(NX_EXPORTER_ID, "thrower", &config, "example.thrower#" + at);
    if (at == "create") {
      CHECK(made.status().message() ==
            "example.thrower#create: example.thrower#create create: the plugin threw an exception");
      continue;
    }
    REQUIRE(made.ok());
    const Status started = (*made)->start();
    CHECK(started.ok() == (at != "start"));
    (*made)->stop(f.soon_ns());
  }
  CHECK(f.log.has("plugin threw an exception"));
}

TEST_CASE("a call that hangs is written off and the agent goes on", "[bad plugins]") {
  test::HostFixture f({bad("hanger")});
  sdk::TreeArena arena;
  const std::string until = (f.data.path() / "until").string();
  const std::string inside = (f.data.path() / "inside").string();
  const nx_kv entries[] = {arena.entry("until", arena.string(until)),
                           arena.entry("inside", arena.string(inside))};
  const nx_value config = arena.table(entries);
  auto made = f.create(NX_EXPORTER_ID, "hanger", &config);
  REQUIRE(made.status().message() == "");
  host::Instance& hanger = **made;
  REQUIRE(hanger.start().ok());

  std::thread stuck([&] { (void)collect(hanger); });
  while (!fs::exists(inside)) std::this_thread::yield();
  CHECK(hanger.available());
  f.executor.advance_ms(16'000);  // its deadline is 1 s, the hard one 10 s
  CHECK_FALSE(hanger.available());
  host::InstanceView view = f.plugins->view().instances[0];
  CHECK(view.state == "failed");
  CHECK(view.health == "failed");
  CHECK(view.reason.find("has not come back for 1") != std::string::npos);
  CHECK(f.log.has("plugin instance hangs and is written off"));
  CHECK(collect(hanger).code() == NX_ERR_UNAVAILABLE);  // returns at once

  f.data.write("until", "");
  stuck.join();
  CHECK(f.log.has("a call that was written off has come back"));
  f.executor.advance_ms(60'000);
  CHECK(hanger.available());
  CHECK(collect(hanger).ok());
}

TEST_CASE("five missed deadlines in a row switch an instance off", "[bad plugins]") {
  test::HostFixture f({bad("good")});
  auto made = f.create(NX_EXPORTER_ID, "bad");
  REQUIRE(made.ok());
  host::Instance& slow = **made;
  const host::CallSite site = slow.site("narthex.exporter/1.collect", 100);
  const auto take = [&](std::int64_t ms) {
    return slow.call(site, [&](void*, nx_error*) {
      f.executor.manual_clock().advance_ns(ms * 1'000'000);
      return NX_OK;
    });
  };
  for (int i = 0; i < 4; ++i) CHECK(take(101).ok());
  CHECK(take(99).ok());  // in time: the count begins anew
  for (int i = 0; i < 4; ++i) CHECK(take(101).ok());
  CHECK(slow.available());
  CHECK(take(101).ok());
  CHECK_FALSE(slow.available());
  const host::InstanceView view = f.plugins->view().instances[0];
  CHECK(view.reason == "5 calls of narthex.exporter/1.collect in a row missed their deadline");
  REQUIRE(view.calls.size() >= 1);
  CHECK(view.calls.back().deadline_misses == 9);
  CHECK(view.calls.back().max_ms == Approx(101));
}

TEST_CASE("who wants too much gets what is allowed", "[bad plugins]") {
  test::HostFixture f({bad("greedy")});
  auto made = f.create(NX_EXPORTER_ID, "greedy");
  REQUIRE(made.status().message() == "");
  REQUIRE((*made)->start().message() == "");
  CHECK(f.log.has("what=buffer got=yes"));
  CHECK(f.log.has("what=huge_buffer got=no"));
  CHECK(f.log.has("what=foreign_topic got=no"));
  CHECK(f.log.has("what=own_topic got=yes"));
  CHECK(f.log.has("what=flood taken=999"));
  CHECK(f.log.has("what=large_event got=no"));
  CHECK(f.log.has("what=bad_metric got=no"));
  CHECK(f.log.has("what=unknown_service got=no"));
  CHECK_FALSE(f.log.has(" i=999"));
  CHECK(f.plugins->view().instances[0].buffers == 1);
  made->reset();
  CHECK(f.log.has("buffers of a destroyed instance are still held"));
}
