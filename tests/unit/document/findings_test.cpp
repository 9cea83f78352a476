// SPDX-License-Identifier: Apache-2.0
#include "parsed.hpp"

#include <narthex/sdk/quote.hpp>

#include <catch2/catch.hpp>

namespace narthex::document {

TEST_CASE("a finding is rendered with its line, a caret and its hint", "[document]") {
  const Parsed p(Format::kYaml, "global:\n  scrape_intervall: 15s\n");
  const nx_kv& entry = p.root()["global"].entries()[0];
  const Finding finding =
      p.document->key_finding(&entry, "unknown key \"scrape_intervall\"", "did you mean \"x\"?");
  CHECK(render(finding) ==
        "file:2:3: unknown key \"scrape_intervall\"\n"
        "      scrape_intervall: 15s\n"
        "      ^ did you mean \"x\"?");
}

TEST_CASE("a finding without a place names only what it knows", "[document]") {
  Finding finding;
  finding.text = "no such file";
  CHECK(render(finding) == "no such file");
  finding.place.file = "a.yml";
  finding.warning = true;
  CHECK(render({finding, finding}) == "a.yml: warning: no such file\na.yml: warning: no such file");
}

TEST_CASE("a very long line is shown around its caret", "[document]") {
  Finding finding{{"f", 1, 5000}, "bad", "", std::string(10'000, 'a'), false};
  CHECK(render(finding).size() < 300);
}

TEST_CASE("the caret counts characters, not bytes", "[document]") {
  const Finding finding{{"f", 1, 4}, "bad", "", "\xC3\xA4: x", false};
  CHECK(render(finding) == "f:1:4: bad\n    \xC3\xA4: x\n      ^");
}

TEST_CASE("the nearest name is found, and none when none is near", "[document]") {
  const std::vector<std::string_view> names = {"scrape_interval", "scrape_timeout", "job_name",
                                               "id"};
  CHECK(nearest("scrape_intervall", names) == "scrape_interval");
  CHECK(nearest("jobname", names) == "job_name");
  CHECK(nearest("zzz", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("xy", names).empty());
}

TEST_CASE("a line that sets a credential is not shown", "[document]") {
  const Finding finding{{"f", 1, 2}, "bad", "hint", "  password: 'hunter2'", false};
  CHECK(render(finding) == "f:1:2: bad\n    hint");
  const Finding file{{"f", 1, 1}, "bad", "", "password_file: x", false};
  CHECK(render(file) == "f:1:1: bad\n    password_file: x\n    ^");
}

TEST_CASE("a finding is text, whatever stands in the line", "[document]") {
  std::vector<Finding> findings;
  const auto parsed = Document::parse(Format::kJson, "body", "{\"a\": \"\xb1\xfe\"}", findings);
  REQUIRE(parsed == nullptr);
  const std::string text = render(findings);
  CHECK(sdk::is_utf8(text));
  CHECK(text.find("{\"a\": \"??\"}") != std::string::npos);
}

}  // namespace narthex::document
