// SPDX-License-Identifier: Apache-2.0
#include "regex/regex.hpp"

#include <catch2/catch.hpp>
#include <re2/re2.h>

#include <random>
#include <string>
#include <vector>

using narthex::regex::Regex;

namespace {

Regex regex(std::string_view pattern) {
  auto made = Regex::compile(pattern);
  INFO(pattern);
  REQUIRE(made.ok());
  return *std::move(made);
}

std::vector<std::string> literals(std::string_view pattern) {
  const Regex r = regex(pattern);
  return {r.literals().begin(), r.literals().end()};
}

std::string expanded(std::string_view pattern, std::string_view text,
                     std::string_view replacement) {
  std::string out;
  return regex(pattern).expand(text, replacement, out) ? out : "<no match>";
}

std::string error(std::string_view pattern) {
  const auto made = Regex::compile(pattern);
  return made.ok() ? "" : made.status().message();
}

}  // namespace

TEST_CASE("an expression matches whole texts, newlines included", "[regex]") {
  CHECK(regex("a.c").matches("abc"));
  CHECK(regex("a.c").matches("a\nc"));
  CHECK_FALSE(regex("a.c").matches("abcd"));
  CHECK_FALSE(regex("b").matches("abc"));
  CHECK(regex("a|ab").matches("ab"));
  CHECK(regex("^foo$").matches("foo"));
  CHECK(regex("(?i)foo").matches("FoO"));
  CHECK(regex("(?<n>a+)").matches("aaa"));
  CHECK(regex("[^a]*").matches("xyz"));
}

TEST_CASE("errors are worded as Go words them", "[regex]") {
  // Each line was asked of Prometheus 3.5.3.
  CHECK(error("(a") == "error parsing regexp: missing closing ): `(a`");
  CHECK(error("(?:a") == "error parsing regexp: missing closing ): `(?:a`");
  CHECK(error("a)") == "error parsing regexp: unexpected ): `a)`");
  CHECK(error("[a") == "error parsing regexp: missing closing ]: `[a`");
  CHECK(error("a**") == "error parsing regexp: invalid nested repetition operator: `**`");
  CHECK(error("a++") == "error parsing regexp: invalid nested repetition operator: `++`");
  CHECK(error("*a") == "error parsing regexp: missing argument to repetition operator: `*`");
  CHECK(error("+") == "error parsing regexp: missing argument to repetition operator: `+`");
  CHECK(error("?") == "error parsing regexp: missing argument to repetition operator: `?`");
  CHECK(error("a{1001}") == "error parsing regexp: invalid repeat count: `{1001}`");
  CHECK(error("a{2,1}") == "error parsing regexp: invalid repeat count: `{2,1}`");
  CHECK(error("(?P<n") == "error parsing regexp: invalid named capture: `(?P<n`");
  CHECK(error("(?P<n!>a)") == "error parsing regexp: invalid named capture: `(?P<n!>`");
  CHECK(error("(?=a)") == "error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
  CHECK(error("(?z)a") == "error parsing regexp: invalid or unsupported Perl syntax: `(?z`");
  CHECK(error("\\8") == "error parsing regexp: invalid escape sequence: `\\8`");
  CHECK(error("\\Z") == "error parsing regexp: invalid escape sequence: `\\Z`");
  CHECK(error("\\C") == "error parsing regexp: invalid escape sequence: `\\C`");
  CHECK(error("\\pX") == "error parsing regexp: invalid character class range: `\\pX`");
  CHECK(error("[z-a]") == "error parsing regexp: invalid character class range: `z-a`");
  CHECK(error("[[:foo:]]") == "error parsing regexp: invalid character class range: `[:foo:]`");
  CHECK(error("a\\") == "error parsing regexp: trailing backslash at end of expression: ``");
  CHECK(error("a{1,2}{3}") ==
        "error parsing regexp: invalid nested repetition operator: `{1,2}{3}`");
}

TEST_CASE("expressions that would grow without bounds are refused or linear", "[regex]") {
  CHECK(error("((a{100}){100}){100}").starts_with("error parsing regexp: invalid repeat count"));
  std::string groups;
  for (int i = 0; i < 50'000; ++i) groups += "(a)";
  CHECK(error(groups + "+").find("expression too large") != std::string::npos);
  const std::string nested = std::string(30'000, '(') + "a" + std::string(30'000, ')');
  CHECK(error(nested).starts_with("error parsing regexp: "));
  // All of these are within the bounds of the analysis and must not take long.
  std::string optional;
  for (int i = 0; i < 20'000; ++i) optional += "a?";
  (void)Regex::compile(optional);
  std::string classes;
  for (int i = 0; i < 10'000; ++i) classes += "[ab]c";
  (void)Regex::compile(classes);
  std::string alternatives = "name-0";
  for (int i = 1; i < 60'000; ++i) alternatives += "|name-" + std::to_string(i);
  CHECK(regex(alternatives).matches("name-59999"));
  CHECK_FALSE(regex(alternatives).matches("name-60000"));
  CHECK(error(std::string(2 << 20, 'a')).find("expression too large") != std::string::npos);
}

TEST_CASE("literal alternatives are known", "[regex]") {
  using V = std::vector<std::string>;
  CHECK(literals("") == V{""});
  CHECK(literals("abc") == V{"abc"});
  CHECK(literals("b|a|b") == V{"a", "b"});
  CHECK(literals("a|") == V{"", "a"});
  CHECK(literals("^(a|b)c$") == V{"ac", "bc"});
  CHECK(literals("web-(0|1)(x|y)?") == V{"web-0", "web-0x", "web-0y", "web-1", "web-1x", "web-1y"});
  CHECK(literals("a[1-3]") == V{"a1", "a2", "a3"});
  CHECK(literals("1\\.2\\|3") == V{"1.2|3"});
  CHECK(literals("(?:é|ü)?x") == V{"x", "éx", "üx"});
  CHECK(literals("(?P<n>a)") == V{"a"});
  CHECK(literals("a.b").empty());
  CHECK(literals("(?i)a").empty());
  CHECK(literals("a*").empty());
  CHECK(literals("[^a]").empty());
  CHECK(literals("[a-z][a-z][a-z]").empty());
  CHECK(literals("a{2}").empty());
}

TEST_CASE("the literal start of all matches is known", "[regex]") {
  CHECK(regex("abc.*").prefix() == "abc");
  CHECK(regex("abc\\d+x").prefix() == "abc");
  CHECK(regex("(abx.|aby)z").prefix() == "ab");
  CHECK(regex("(ab)+c*").prefix() == "ab");
  CHECK(regex("ab?.").prefix() == "a");
  CHECK(regex("abc|x.*").prefix().empty());
  CHECK(regex(".*abc").prefix().empty());
  CHECK(regex("foo|fob").prefix() == "fo");
}

TEST_CASE("what matches everything and what matches nothing given is known", "[regex]") {
  CHECK(regex(".*").matches_everything());
  CHECK(regex("(.*)").matches_everything());
  CHECK_FALSE(regex(".+").matches_everything());
  CHECK_FALSE(regex("a.*").matches_everything());
  CHECK(regex(".*").matches_empty());
  CHECK(regex("a|").matches_empty());
  CHECK(regex("(x|y)?").matches_empty());
  CHECK_FALSE(regex(".+").matches_empty());
  CHECK_FALSE(regex("a").matches_empty());
}

TEST_CASE("open ends around a literal are matched as the automaton would", "[regex]") {
  const std::vector<std::string> patterns = {".*",      ".+",     "(.*)",   "(.+)",   "ab.*",
                                             "ab.+",    ".*ab",   ".+ab",   ".*ab.*", ".+ab.*",
                                             ".*ab.+",  ".+ab.+", ".*a\\.", ".*\\.*", "a\\.*",
                                             ".*a|b.*", ".*.*",   ".*?",    ".*a$",   "a\\$"};
  const std::vector<std::string> texts = {"",  "a",   "ab",   "abab", "xab", "abx",    "xabx",
                                          "b", "a.",  "a...", "x.",   "ba",  "xxabxx", "ab\nab",
                                          "é", "éab", "abé",  "a$",   "$"};
  for (const std::string& pattern : patterns) {
    const RE2 twin("(?s:" + pattern + ")");
    for (const std::string& text : texts) {
      INFO(pattern << " on " << text);
      CHECK(regex(pattern).matches(text) == RE2::FullMatch(text, twin));
    }
  }
}

TEST_CASE("random expressions match as RE2 says", "[regex]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> parts = {
      "a",    "b",   "c",   "(", ")", "|",  "?",     "*",     "+", ".",    "[",   "]", "[ab]",
      "[^a]", "(?:", "\\.", "^", "$", "ab", "(a|b)", "[a-c]", "-", "(?i)", "{2}", "é"};
  const std::vector<std::string> letters = {"a", "b", "c", ".", "A", "-", "é", ""};
  int valid = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern;
    for (std::size_t n = random() % 7; n > 0; --n) pattern += parts[random() % parts.size()];
    RE2::Options quiet;
    quiet.set_log_errors(false);
    quiet.set_dot_nl(true);
    const RE2 twin(pattern, quiet);
    const auto made = Regex::compile(pattern);
    INFO("pattern " << pattern);
    REQUIRE(made.ok() == twin.ok());
    if (!twin.ok()) continue;
    ++valid;
    for (int t = 0; t < 8; ++t) {
      std::string text;
      for (std::size_t n = random() % 5; n > 0; --n) text += letters[random() % letters.size()];
      INFO("text " << text);
      const bool matches = RE2::FullMatch(text, twin);
      REQUIRE(made->matches(text) == matches);
      if (matches) REQUIRE(text.starts_with(made->prefix()));
      std::string out;
      REQUIRE(made->expand(text, "<$0>", out) == matches);
      if (matches) REQUIRE(out == "<" + text + ">");
    }
    for (const std::string& literal : made->literals()) REQUIRE(RE2::FullMatch(literal, twin));
  }
  CHECK(valid > 1000);
}

TEST_CASE("replacements expand as Go's do", "[regex]") {
  CHECK(expanded("(.*)", "abc", "$1") == "abc");
  CHECK(expanded("(.*)", "abc", "x-${1}-$0") == "x-abc-abc");
  CHECK(expanded("(a)(b)?", "a", "[$1$2]") == "[a]");
  CHECK(expanded("(a)(b)", "ab", "$1_x") == "");
  CHECK(expanded("(a)(b)", "ab", "${1}_x") == "a_x");
  CHECK(expanded("(a)(b)", "ab", "$$1 $") == "$1 $");
  CHECK(expanded("(a)(b)", "ab", "${1") == "${1");
  CHECK(expanded("(a)(b)", "ab", "$9$01") == "");
  CHECK(expanded("(?P<first>a)(?<second>b)", "ab", "$second-${first}") == "b-a");
  CHECK(expanded("(a|b)c", "bc", "$1") == "b");
  CHECK(expanded("(a|b)c", "xc", "$1") == "<no match>");
  CHECK(expanded("a.*", "abc", "y") == "y");
  CHECK(expanded("a(.*)", "abc", "$1\xC3\xA9") == "");
  CHECK(expanded("a(.*)", "abc", "$1\xC2\xB0") == "bc\xC2\xB0");
  CHECK(expanded("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", "abcdefghijklmnopqr",
                 "$18$17") == "rq");
}

TEST_CASE("expanding appends, and a text that does not match leaves the output alone", "[regex]") {
  std::string out = "kept ";
  CHECK(regex("(a)").expand("a", "$1", out));
  CHECK(out == "kept a");
  CHECK_FALSE(regex("(a)").expand("b", "$1", out));
  CHECK(out == "kept a");
}
