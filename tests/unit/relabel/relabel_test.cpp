// SPDX-License-Identifier: Apache-2.0
#include "relabel/letter_case.hpp"
#include "relabel/md5.hpp"
#include "relabel/relabel.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using narthex::Labels;
using narthex::relabel::Program;
using narthex::relabel::RuleOptions;

namespace Catch {
template <>
struct StringMaker<Labels> {
  static std::string convert(const Labels& labels) {
    std::string out = "{";
    for (const auto& [name, value] : labels) out += name + "=\"" + value + "\",";
    return out + "}";
  }
};
}  // namespace Catch

namespace {

using Strings = std::vector<std::string>;

RuleOptions rule(std::string action) {
  RuleOptions r;
  r.action = std::move(action);
  return r;
}

// What the rules make of labels; a set with the one label "dropped" when they drop it.
Labels run(const std::vector<RuleOptions>& rules, Labels labels) {
  const auto program = Program::compile(rules);
  REQUIRE(program.status().message() == "");
  return program->apply(labels) ? labels : Labels{{"dropped", "yes"}};
}

const Labels kDropped{{"dropped", "yes"}};
const Labels kAbc{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};

RuleOptions replace(Strings sources, std::string regex, std::string target,
                    std::string replacement) {
  RuleOptions r = rule("replace");
  r.source_labels = std::move(sources);
  r.regex = std::move(regex);
  r.target_label = std::move(target);
  r.replacement = std::move(replacement);
  r.has_regex = r.has_replacement = true;
  return r;
}

RuleOptions match(std::string action, Strings sources, std::string regex) {
  RuleOptions r = rule(std::move(action));
  r.source_labels = std::move(sources);
  r.regex = std::move(regex);
  r.has_regex = true;
  return r;
}

std::string error(const RuleOptions& options) { return narthex::relabel::check(options).message(); }

std::string hex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : narthex::relabel::md5(text)) {
    (out += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("replace writes what the expression captured", "[relabel]") {
  CHECK(run({replace({"a"}, "f(.*)", "d", "ch${1}-ch${1}")}, kAbc).get("d") == "choo-choo");
  CHECK(run({replace({"a", "b"}, "f(.*);(.*)r", "a", "b${1}${2}m")}, kAbc).get("a") == "boobam");
  CHECK(run({replace({"a"}, "nothing", "d", "x")}, kAbc) == kAbc);
  CHECK(run({replace({}, "(.*)", "d", "x")}, kAbc).get("d") == "x");
  CHECK(run({replace({"a"}, "f.*", "a", "")}, kAbc).has("a") == false);
  CHECK(run({replace({"missing"}, ".+", "a", "x")}, kAbc) == kAbc);
}

TEST_CASE("replace may compute the name of its target", "[relabel]") {
  CHECK(run({replace({"a"}, "(f)oo", "${1}_name", "v-$1")}, kAbc).get("f_name") == "v-f");
  CHECK(run({replace({"a"}, "some-([^-]+)", "$1", "x")}, kAbc) == kAbc);
  CHECK(run({replace({"a"}, "foo(.*)", "$1", "x")}, kAbc) == kAbc);  // an empty name is none
  CHECK(run({replace({"a"}, "(.*)", "name.with-dots", "$1")}, kAbc).get("name.with-dots") == "foo");
}

TEST_CASE("keep and drop decide by the joined source labels", "[relabel]") {
  CHECK(run({match("keep", {"a"}, "f.*")}, kAbc) == kAbc);
  CHECK(run({match("keep", {"a"}, "no")}, kAbc) == kDropped);
  CHECK(run({match("drop", {"a", "b"}, "foo;bar")}, kAbc) == kDropped);
  CHECK(run({match("drop", {"a", "b"}, "foo,bar")}, kAbc) == kAbc);
  CHECK(run({match("Keep", {"missing"}, "")}, kAbc) == kAbc);
}

TEST_CASE("keepequal and dropequal compare with the target label", "[relabel]") {
  RuleOptions keep = rule("keepequal");
  keep.source_labels = {"a"};
  keep.target_label = "b";
  RuleOptions drop = keep;
  drop.action = "dropequal";
  const Labels same{{"a", "x"}, {"b", "x"}};
  CHECK(run({keep}, same) == same);
  CHECK(run({keep}, kAbc) == kDropped);
  CHECK(run({drop}, same) == kDropped);
  CHECK(run({drop}, kAbc) == kAbc);
}

TEST_CASE("hashmod is the last half of MD5 modulo", "[relabel]") {
  RuleOptions r = rule("hashmod");
  r.source_labels = {"c"};
  r.target_label = "d";
  r.modulus = 1000;
  CHECK(run({r}, kAbc).get("d") == "976");  // Prometheus's own example
  r.source_labels = {"a", "b"};
  CHECK(run({r}, {{"a", "foo\nbar"}, {"b", "x"}}).has("d"));
}

TEST_CASE("MD5 is MD5", "[relabel]") {
  CHECK(hex("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(hex(std::string(55, 'a')) == "ef1772b6dff9a122358552954ad0df65");
  CHECK(hex(std::string(56, 'a')) == "3b0c8ac703f828b04c6c197006d17218");
  CHECK(hex(std::string(64, 'a')) == "014842d480b571495a4a0363793f7367");
  CHECK(hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890") ==
        "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("labelmap copies labels to new names", "[relabel]") {
  RuleOptions r = rule("labelmap");
  r.regex = "__meta_(my.*)";
  CHECK(run({r}, {{"__meta_my_bar", "aaa"}, {"__meta_my_baz", "bbb"}, {"__meta_other", "ccc"}}) ==
        Labels{{"__meta_my_bar", "aaa"},
               {"__meta_my_baz", "bbb"},
               {"__meta_other", "ccc"},
               {"my_bar", "aaa"},
               {"my_baz", "bbb"}});
  r.regex = "a(.*)";
  r.replacement = "$1";
  CHECK(run({r}, {{"a", "x"}, {"ab", "y"}}) == Labels{{"a", "x"}, {"ab", "y"}, {"b", "y"}});
}

TEST_CASE("labeldrop and labelkeep choose by name", "[relabel]") {
  CHECK(run({match("labeldrop", {}, "a|b")}, kAbc) == Labels{{"c", "baz"}});
  CHECK(run({match("labelkeep", {}, "a.*|c")}, kAbc) == Labels{{"a", "foo"}, {"c", "baz"}});
}

TEST_CASE("lowercase and uppercase know more than ASCII", "[relabel]") {
  RuleOptions lower = rule("lowercase");
  lower.source_labels = {"a"};
  lower.target_label = "low";
  RuleOptions upper = lower;
  upper.action = "uppercase";
  upper.target_label = "up";
  const Labels out = run({lower, upper}, {{"a", "fOo-ÄöÑж!"}});
  CHECK(out.get("low") == "foo-äöñж!");
  CHECK(out.get("up") == "FOO-ÄÖÑЖ!");
  std::string mended;
  narthex::relabel::append_lower("A\xFF\xC3", mended);
  CHECK(mended == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("rules run in order and stop at the one that drops", "[relabel]") {
  const std::vector<RuleOptions> rules = {replace({"a"}, "(.*)", "b", "$1"),
                                          match("keep", {"b"}, "foo"), match("drop", {"c"}, "baz")};
  CHECK(run(rules, kAbc) == kDropped);
  const auto program = Program::compile(rules);
  REQUIRE(program.ok());
  Labels labels = kAbc;
  CHECK(program->apply_first(2, labels));
  CHECK(labels.get("b") == "foo");
  CHECK(program->apply_first(99, labels) == false);
}

TEST_CASE("bad rules are refused in Prometheus's words", "[relabel]") {
  // Each text was given by Prometheus 3.5.3.
  CHECK(error(rule("foo")) == "unknown relabel action \"foo\"");
  CHECK(error(rule("")) == "unknown relabel action \"\"");
  CHECK(error(rule("replace")) ==
        "relabel configuration for replace action requires 'target_label' value");
  RuleOptions r = rule("hashmod");
  r.target_label = "b";
  CHECK(error(r) == "relabel configuration for hashmod requires non-zero modulus");
  r = rule("lowercase");
  CHECK(error(r) == "relabel configuration for lowercase action requires 'target_label' value");
  r.target_label = "b";
  CHECK(error(r) == "");
  r.replacement = "x";
  CHECK(error(r) == "'replacement' can not be set for lowercase action");
  r = rule("keepequal");
  r.target_label = "b";
  r.has_regex = true;
  CHECK(error(r) ==
        "keepequal action requires only 'source_labels' and `target_label`, and no other fields");
  r = rule("labelmap");
  r.replacement = "";
  CHECK(error(r) == "\"\" is invalid 'replacement' for labelmap action");
  r = rule("labeldrop");
  r.separator = "x";
  CHECK(error(r) == "labeldrop action requires only 'regex', and no other fields");
  CHECK(error(match("keep", {}, "(a")) == "error parsing regexp: missing closing ): `^(?s:(a)$`");
  CHECK(error(match("keep", {}, "[a")) == "error parsing regexp: missing closing ]: `[a)$`");
  CHECK(error(match("keep", {""}, "a")) == "\"\" is not a valid label name");
  CHECK(Program::compile(std::vector{match("keep", {}, "a"), rule("foo")}).status().message() ==
        "relabel rule 2: unknown relabel action \"foo\"");
}
