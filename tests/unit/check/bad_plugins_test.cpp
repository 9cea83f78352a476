// SPDX-License-Identifier: Apache-2.0
// The conformance kit finds each bad plugin of tests/plugins, and names the rule it breaks.
#include "check/check.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace narthex;

namespace {

check::Report report_of(const std::string& path, std::vector<std::string> suites = {}) {
  check::Options options;
  options.file = path;
  options.suites = std::move(suites);
  options.seed = 7;
  options.timeout_ms = 20'000;
  auto report = check::run(options);
  REQUIRE(report.status().message() == "");
  return *std::move(report);
}

std::string findings_of(const check::Report& report) {
  std::string text;
  for (const check::Outcome& outcome : report.outcomes) {
    for (const check::Finding& finding : outcome.findings) {
      text += outcome.group + '/' + outcome.name + ' ' + finding.rule + ": " + finding.text + '\n';
    }
  }
  return text;
}

bool names(const check::Report& report, const std::string& rule, const std::string& words) {
  return std::ranges::any_of(report.outcomes, [&](const check::Outcome& outcome) {
    return std::ranges::any_of(outcome.findings, [&](const check::Finding& finding) {
      return finding.rule == rule && finding.text.find(words) != std::string::npos;
    });
  });
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // leaks are the sanitizers' then
#else
constexpr bool kSanitized = false;
#endif

struct Misdeed {
  std::string plugin, rule, words;
  std::vector<std::string> suites;  // where it shows, to be quick
};

void expect(const Misdeed& m) {
  if (kSanitized && m.words.find("leaks") != std::string::npos) return;
  INFO(m.plugin);
  const check::Report report =
      report_of(NARTHEX_BAD "/" + m.plugin + '/' + m.plugin + ".so", m.suites);
  INFO(findings_of(report));
  CHECK(names(report, m.rule, m.words));
}

}  // namespace

TEST_CASE("a decent plugin has no findings", "[check]") {
  const check::Report report = report_of(NARTHEX_BAD "/decent/decent.so");
  CHECK(findings_of(report) == "");
  CHECK(report.id == "org.example.misbehave");
  CHECK(report.outcomes.size() > 20);
  CHECK(std::ranges::none_of(report.outcomes, [](const auto& outcome) {
    return outcome.group == "lifecycle" && !outcome.skipped.empty();
  }));
}

TEST_CASE("what is wrong with a file or its description is found by rule", "[check]") {
  const std::vector<std::string> all = {"file", "descriptor"};
  for (const Misdeed& m : std::vector<Misdeed>{
           {"other_abi", "NXR-VER-5", "built for plugin ABI 0.2", all},
           {"older_abi", "NXR-VER-5", "built for plugin ABI 0.0", all},
           {"lying_abi", "NXR-VER-5", "its descriptor 0.7", all},
           {"needs_newer", "NXR-VER-5", "needs plugin ABI 0.7", all},
           {"lying_id", "NXR-DSC-2", "its note says org.example.honest", all},
           {"short_plugin", "NXR-VER-1", "struct_size", all},
           {"short_component", "NXR-VER-1", "struct_size", all},
           {"no_descriptor", "NXR-VER-1", "NULL", all},
           {"no_note", "NXR-FIL-1", "no plugin note", all},
           {"no_entry", "NXR-SYM-1", "does not export", all},
           {"no_collect", "NXR-DSC-1", "lacks collect", all},
           {"bad_name", "NXR-DSC-1", "name", all},
           {"bad_text", "NXR-DSC-1", "summary", all},
           {"bad_schema", "NXR-CFG-1", "patternProperties", all},
           {"bad_default", "NXR-CFG-1", "default", all},
           {"twice", "NXR-DSC-1", "two components", all},
           {"needy", "NXR-DSC-4", "narthex.unheard_of/1", all},
           {"showy", "NXR-SYM-1", "exports look_at_me", all},
           {"incomplete", "NXR-SYM-1", "nobody_has_this", all},
           {"good", "NXR-ERR-3", "loading changes the environment", all},
       }) {
    expect(m);
  }
}

TEST_CASE("what a plugin does wrong is found by rule", "[check]") {
  for (const Misdeed& m : std::vector<Misdeed>{
           {"thrower", "NXR-ERR-2", "narthex.exporter/1.collect throws", {"exporter"}},
           {"print", "NXR-ERR-3", "prints: collecting", {"exporter"}},
           {"abort", "NXR-ERR-3", "narthex.exporter/1.collect aborts", {"exporter"}},
           {"exit", "NXR-ERR-3", "ends the process", {"exporter"}},
           {"segfault",
            "NXR-ERR-4",
            "narthex.exporter/1.collect crashed with SIGSEGV",
            {"exporter"}},
           {"signal", "NXR-ERR-3", "handler for SIGUSR2", {"lifecycle"}},
           {"locale", "NXR-ERR-3", "changes the locale", {"lifecycle"}},
           {"leak", "NXR-LIF-1", "create and destroy leaks", {"lifecycle"}},
           {"call_leak", "NXR-LIF-1", "a round of calls leaks", {"lifecycle"}},
           {"keep", "NXR-OWN-1", "uses nx_collection, which was lent", {"ownership"}},
           {"write_argument", "NXR-OWN-1", "writes into nx_collection", {"ownership"}},
           {"write_past", "NXR-VER-2", "writes past the end of nx_error", {"ownership"}},
           {"size_changed", "NXR-VER-1", "nx_error::struct_size", {"exporter"}},
           {"buffer", "NXR-OWN-3", "are still held", {"ownership"}},
           {"greedy", "NXR-OWN-3", "are still held", {"ownership"}},
           {"release", "NXR-OWN-3", "more often than", {"ownership"}},
           {"ignores_failure", "NXR-ERR-4", "crashed", {"faults"}},
           {"error_text", "NXR-ERR-1", "says nothing in err", {"exporter"}},
           {"partial", "NXR-EXP-2", "does not say what is missing", {"exporter"}},
           {"twice_series", "NXR-EXP-1", "twice", {"exporter"}},
           {"label", "NXR-EXP-1", "__name__", {"exporter"}},
           {"thread", "NXR-THR-3", "after stop has returned", {"threads"}},
           {"create_task", "NXR-LIF-2", "tasks.post is called outside", {"lifecycle"}},
           {"secret", "NXR-CFG-3", "a secret option is shown", {"config"}},
           {"silent", "NXR-ERR-1", "says nothing in err", {"config"}},
       }) {
    expect(m);
  }
}

// One never comes back, the other after half a minute.
TEST_CASE("a plugin that hangs is found when its time is up", "[check]") {
  for (const std::string name : {"hang", "hanger"}) {
    INFO(name);
    check::Options options;
    options.file = NARTHEX_BAD "/" + name + '/' + name + ".so";
    options.suites = {"exporter"};
    options.timeout_ms = 300;
    const auto report = check::run(options);
    REQUIRE(report.ok());
    INFO(findings_of(*report));
    CHECK(names(*report, "NXR-ERR-5", "narthex.exporter/1.collect did not return"));
  }
}
