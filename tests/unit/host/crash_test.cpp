// SPDX-License-Identifier: Apache-2.0
// What a crash leaves in the journal, and what the journal says about plugins.
#include "host/crash_book.hpp"
#include "host/crash_handler.hpp"
#include "host/crash_journal.hpp"
#include "host/module_map.hpp"
#include "support/host_fixture.hpp"

#include <narthex/exporter.h>

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace narthex;

namespace {

void crash_test_anchor() {}

std::string fatal(std::int64_t time_ms, const std::string& plugin, const std::string& build = "aa",
                  const std::string& process = "agent") {
  return "FATAL time_ms=" + std::to_string(time_ms) +
         " signal=SIGSEGV address=0x0 module=\"x.so\" offset=0x1139 process=" + process +
         " version=\"1.0\" pid=7 plugin=\"" + plugin +
         "\" instance=\"exporter.x#a b\" entry=\"narthex.exporter/1.collect\" build_id=" + build +
         "\n";
}

std::vector<host::Quarantined> judge(const std::string& text, host::QuarantinePolicy policy = {}) {
  return host::judge_crashes(host::parse_crash_journal(text), policy);
}

}  // namespace

TEST_CASE("a record says who crashed where", "[crash]") {
  const host::CrashHistory history = host::parse_crash_journal(
      "START time_ms=1 pid=7\n" + fatal(5, "org.example.x") +
      "TRACE pid=7 stack=\"x.so+0x1139 narthex+0x77\"\nnonsense\nFATAL time_ms=6 signal=");
  REQUIRE(history.crashes.size() == 1);
  const host::Crash& crash = history.crashes[0];
  CHECK(crash.text() == "SIGSEGV at x.so+0x1139 in narthex.exporter/1.collect of exporter.x#a b");
  CHECK(crash.plugin == "org.example.x");
  CHECK(crash.build_id == "aa");
  CHECK(crash.stack == "x.so+0x1139 narthex+0x77");
  CHECK(crash.time_ms == 5);
  CHECK(crash.fresh);
  CHECK_FALSE(crash.isolated);
}

TEST_CASE("what was told at an earlier start is not told again", "[crash]") {
  const host::CrashHistory history =
      host::parse_crash_journal(fatal(5, "a") + "START time_ms=6 pid=7\n" + fatal(7, "b"));
  REQUIRE(history.crashes.size() == 2);
  CHECK_FALSE(history.crashes[0].fresh);
  CHECK(history.crashes[1].fresh);
}

TEST_CASE("three crashes of a build within ten minutes are a quarantine", "[crash]") {
  CHECK(judge(fatal(0, "x") + fatal(1000, "x")).empty());
  const auto out = judge(fatal(0, "x") + fatal(1000, "x") + fatal(600'000, "x"));
  REQUIRE(out.size() == 1);
  CHECK(out[0].plugin == "x");
  CHECK(out[0].build_id == "aa");
  CHECK(out[0].since_ms == 600'000);
  CHECK(out[0].reason.starts_with("3 crashes within 10m, the last one: SIGSEGV at x.so+0x1139"));
  // Slower than that, by the agent's own fault, or in a process of its own: none.
  CHECK(judge(fatal(0, "x") + fatal(1000, "x") + fatal(600'001, "x")).empty());
  CHECK(judge(fatal(0, "") + fatal(1000, "") + fatal(2000, "")).empty());
  CHECK(judge(fatal(0, "x", "aa", "plugin-host") + fatal(1, "x", "aa", "plugin-host") +
              fatal(2, "x", "aa", "plugin-host"))
            .empty());
  // Once in, it stays there.
  CHECK(judge(fatal(0, "x") + fatal(1, "x") + fatal(2, "x") + "START time_ms=3 pid=1\n").size() ==
        1);
}

TEST_CASE("a release, another build or another policy ends a quarantine", "[crash]") {
  const std::string three = fatal(0, "x") + fatal(1000, "x") + fatal(2000, "x");
  CHECK(judge(three + "RELEASE time_ms=3000 plugin=\"x\"\n").empty());
  CHECK(judge(three + "RELEASE time_ms=3000 plugin=\"y\"\n").size() == 1);
  CHECK(judge(three + "RELEASE time_ms=3000 plugin=\"x\"\n" + fatal(4000, "x") + fatal(5000, "x") +
              fatal(6000, "x"))
            .size() == 1);
  CHECK(judge(three + fatal(4000, "x", "bb")).empty());
  CHECK(judge(three, {.on = false}).empty());
  CHECK(judge(three, {.crashes_max = 4}).empty());
  CHECK(judge(fatal(0, "x"), {.crashes_max = 1}).size() == 1);
}

TEST_CASE("a book is of one build, and a release is read again", "[crash]") {
  const test::TemporaryFolder folder;
  const std::string path =
      folder.write("crash.journal", fatal(0, "x") + fatal(1, "x") + fatal(2, "x"));
  host::CrashBook book(folder.path().string(), {});
  CHECK(book.quarantine_of("x", "aa") != "");
  CHECK(book.quarantine_of("x", "bb") == "");
  CHECK(book.count("x") == 3);
  REQUIRE(host::release_plugin(path, "x", 10).ok());
  CHECK(host::release_plugin(path, "y", 10).code() == NX_ERR_NOT_FOUND);
  book.read_again();
  CHECK(book.quarantine_of("x", "aa") == "");
  CHECK(book.count("x") == 3);
}

TEST_CASE("a journal keeps its newest lines and survives a torn one", "[crash]") {
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 2000; ++i) text += fatal(i, "x");
  const std::string path = folder.write("crash.journal", text + "FATAL time_ms=77");
  REQUIRE(host::begin_crash_journal(path, 5000).ok());
  CHECK(std::filesystem::file_size(path) < (66 << 10));
  const auto history = host::read_crash_journal(path);
  REQUIRE(history.ok());
  REQUIRE(!history->crashes.empty());
  CHECK(history->crashes.back().time_ms == 1999);
  CHECK_FALSE(history->crashes.back().fresh);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

// What a child leaves in its journal that dies of calling a bad plugin; the signal it died of.
host::CrashHistory crash_of(const std::string& plugin, int& died_of) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path().string() + "/crash.journal";
  const pid_t child = ::fork();
  if (child == 0) {
    test::HostFixture f({std::string(NARTHEX_BAD) + '/' + plugin});
    (void)host::install_crash_handler(path, "1.2", host::CrashedProcess::kAgent);
    const auto made = f.create(NX_EXPORTER_ID, plugin, nullptr, "exporter.bad \"#1");
    if (!made.ok() || !(*made)->start().ok()) ::_exit(1);
    const auto* table = static_cast<const nx_exporter*>((*made)->table(NX_EXPORTER_ID));
    nx_collection collection{};
    collection.struct_size = sizeof collection;
    collection.family = [](const nx_collection*, std::uint32_t, nx_str, nx_str,
                           nx_str) -> std::uint32_t { return 1; };
    (void)(*made)->call(
        (*made)->site(NX_EXPORTER_ID ".collect", 0),
        [&](void* self, nx_error* err) { return table->collect(self, &collection, err); });
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  died_of = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  auto history = host::read_crash_journal(path);
  return history.ok() ? *std::move(history) : host::CrashHistory();
}

}  // namespace

TEST_CASE("a fatal signal in a plugin is written down and takes its course", "[crash]") {
  int died_of = 0;
  const host::CrashHistory history = crash_of("segfault", died_of);
  CHECK(died_of == SIGSEGV);
  REQUIRE(history.crashes.size() == 1);
  const host::Crash& crash = history.crashes[0];
  CHECK(crash.signal == "SIGSEGV");
  CHECK(crash.address == "0x0");
  CHECK(crash.plugin == "org.example.segfault");
  CHECK(crash.instance == "exporter.bad _#1");
  CHECK(crash.entry == "narthex.exporter/1.collect");
  CHECK(crash.module == "segfault.so");
  CHECK(crash.build_id.size() >= 16);
  CHECK(crash.stack.find("segfault.so+" + crash.offset) != std::string::npos);
}

TEST_CASE("an abort is charged to whom the thread was called for", "[crash]") {
  int died_of = 0;
  const host::CrashHistory history = crash_of("abort", died_of);
  CHECK(died_of == SIGABRT);
  REQUIRE(history.crashes.size() == 1);
  CHECK(history.crashes[0].plugin == "org.example.abort");
  CHECK(history.crashes[0].module.starts_with("libc"));
  CHECK(history.crashes[0].stack.find("abort.so+") != std::string::npos);
}

TEST_CASE("an exit within a call is a crash, not a wanted end", "[crash]") {
  int died_of = 0;
  const host::CrashHistory history = crash_of("exit", died_of);
  CHECK(died_of == SIGABRT);
  REQUIRE(history.crashes.size() == 1);
  CHECK(history.crashes[0].signal == "exit");
  CHECK(history.crashes[0].plugin == "org.example.exit");
  CHECK(history.crashes[0].entry == "narthex.exporter/1.collect");
  CHECK(history.crashes[0].stack.find("exit.so+") != std::string::npos);
}

#endif

TEST_CASE("an address leads to the file it belongs to", "[crash]") {
  host::map_modules();
  const auto* own = host::module_of(reinterpret_cast<std::uintptr_t>(&crash_test_anchor));
  REQUIRE(own != nullptr);
  CHECK(own->plugin[0] == 0);
  CHECK(host::module_of(1) == nullptr);
  CHECK(host::module_of_plugin("org.example.nobody") == nullptr);
}
