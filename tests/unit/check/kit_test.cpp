// SPDX-License-Identifier: Apache-2.0
// The kit itself: reports, rules, samples, the questions it refuses; and the examples, which pass.
#include "check/bodies.hpp"
#include "check/check.hpp"
#include "check/image.hpp"
#include "check/rules.hpp"
#include "check/samples.hpp"
#include "host/schema.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace narthex;

namespace {

check::Report small_report() {
  check::Report report;
  report.file = "a.so";
  report.id = "org.example.a";
  report.version = "1.0.0";
  report.seed = 5;
  check::Outcome good;
  good.group = "file";
  good.name = "note";
  good.notes = {"a \"note\""};
  check::Outcome bad;
  bad.group = "exporter";
  bad.name = "emission";
  bad.component = "a";
  bad.findings = {{"NXR-EXP-1", "collect emits <a> & \"b\"\xff"}};
  check::Outcome skipped;
  skipped.group = "exporter";
  skipped.name = "other";
  skipped.skipped = "not today";
  report.outcomes = {good, bad, skipped};
  return report;
}

}  // namespace

TEST_CASE("the page of rules lists the rules of the kit, each with its text", "[check]") {
  std::ifstream in(NARTHEX_RULES_PAGE);
  const std::string page(std::istreambuf_iterator<char>(in), {});
  REQUIRE(!page.empty());
  for (const check::Rule& rule : check::rules()) {
    INFO(rule.id);
    const std::string row = "| " + std::string(rule.id) + " | " + std::string(rule.text) + " | " +
                            std::string(rule.advice) + " |";
    CHECK(page.find(row) != std::string::npos);
  }
  CHECK(check::find_rule("NXR-OWN-1") != nullptr);
  CHECK(check::find_rule("NXR-NONE-1") == nullptr);
}

TEST_CASE("a report is text, JSON and JUnit", "[check]") {
  const check::Report report = small_report();
  CHECK(check::summary_text(report) ==
        "org.example.a 1.0.0: 1 findings; 1 checks passed, 1 skipped; seed 5\n");
  const std::string text = check::outcome_text(report.outcomes[1]);
  CHECK(text.find("FOUND exporter/emission a") == 0);
  CHECK(text.find("do:   ") != std::string::npos);
  const std::string json = check::to_json(report);
  CHECK(json.find(R"("rule":"NXR-EXP-1")") != std::string::npos);
  CHECK(json.find(R"(<a> & \"b\")") != std::string::npos);
  CHECK(json.find(R"("result":"skipped")") != std::string::npos);
  const std::string junit = check::to_junit(report);
  CHECK(junit.find(R"(<testsuite name="exporter" tests="2" failures="1" skipped="1">)") !=
        std::string::npos);
  CHECK(junit.find("collect emits &lt;a&gt; &amp; &quot;b&quot;\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("questions that make no sense are refused", "[check]") {
  check::Options options;
  options.file = "/nowhere/a.so";
  CHECK(check::run(options).status().message() == "no plugin file /nowhere/a.so");
  options.file = NARTHEX_EXAMPLES "/loadavg.so";
  options.suites = {"nonsense"};
  CHECK(check::run(options).status().message() == "no suite \"nonsense\"");
  options.suites.clear();
  options.config_file = "/nowhere/a.toml";
  CHECK(check::run(options).status().message() == "cannot open /nowhere/a.toml");
}

TEST_CASE("every example keeps the rules", "[check]") {
  for (const auto& entry : std::filesystem::directory_iterator(NARTHEX_EXAMPLES)) {
    if (entry.path().extension() != ".so") continue;
    INFO(entry.path());
    check::Options options;
    options.file = entry.path();
    options.seed = 3;
    const auto report = check::run(options);
    REQUIRE(report.ok());
    for (const check::Outcome& outcome : report->outcomes) {
      for (const check::Finding& finding : outcome.findings) {
        FAIL_CHECK(outcome.group << '/' << outcome.name << ' ' << finding.rule << ": "
                                 << finding.text);
      }
    }
  }
}

TEST_CASE("made-up options satisfy the schema they come from", "[check]") {
  const auto schema = host::Schema::parse("x", R"({"required": ["a", "when"], "properties": {
      "a": {"type": "string", "minLength": 3}, "when": {"type": "string", "format": "duration"},
      "n": {"type": "integer", "minimum": 5, "maximum": 9, "examples": [7]},
      "list": {"type": "array", "minItems": 2, "items": {"type": "string", "enum": ["x", "y"]}},
      "deep": {"type": "object", "properties": {"b": {"type": "boolean"}}},
      "kind": {"oneOf": [
          {"type": "object", "properties": {"type": {"type": "string", "const": "one"}}},
          {"type": "object", "properties": {"type": {"type": "string", "const": "two"},
                                            "size": {"type": "string", "format": "bytes"}}}]}}})");
  REQUIRE(schema.status().message() == "");
  check::Samples samples(schema->root(), "/folder", 11);
  for (int round = 0; round < 300; ++round) {
    const nx_value made = round == 0 ? samples.plain() : samples.wild();
    host::ConfigSource source;
    source.name = "x";
    source.config = &made;
    std::vector<document::Finding> findings;
    (void)schema->apply(source, findings);
    INFO(round << ' ' << document::render(findings));
    REQUIRE(findings.empty());
    if (round == 0) CHECK(sdk::Value(&made)["n"].get<int>() == 7);
  }
}

TEST_CASE("mutated bodies are the same for the same seed", "[check]") {
  const auto bodies = check::known_bodies({});
  std::mt19937_64 one(5);
  std::mt19937_64 two(5);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string body = check::mutated(bodies, one);
    CHECK(body == check::mutated(bodies, two));
    seen.insert(body);
  }
  CHECK(seen.size() > 50);
}

TEST_CASE("an image is read from the file, whatever it is", "[check]") {
  const auto facts = check::read_image_file(NARTHEX_EXAMPLES "/loadavg.so");
  REQUIRE(facts.ok());
  CHECK(facts->relro);
  CHECK_FALSE(facts->executable_stack);
  CHECK_FALSE(facts->text_relocations);
  CHECK(std::ranges::all_of(facts->needed, [](const std::string& name) {
    const bool sanitizer = name.find("san.so") != std::string::npos;
    return sanitizer || check::is_system_library(name);
  }));
  CHECK(check::read_image_file("/etc/hostname").status().code() == NX_ERR_INVALID_DATA);
}
