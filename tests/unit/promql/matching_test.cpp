// SPDX-License-Identifier: Apache-2.0
// Binary operators between vectors: which series meet, what labels the result has, what is refused.
#include "tests/unit/promql/run_query.hpp"

#include <catch2/catch.hpp>

using namespace narthex;
using test::Outcome;

namespace {

test::MemorySource two_sides() {
  test::MemorySource source;
  source.add(test::labels({{"__name__", "l"}, {"a", "1"}, {"b", "x"}}), {{0, 6}});
  source.add(test::labels({{"__name__", "l"}, {"a", "2"}, {"b", "x"}}), {{0, 8}});
  source.add(test::labels({{"__name__", "r"}, {"a", "1"}, {"c", "y"}}), {{0, 2}});
  source.add(test::labels({{"__name__", "r"}, {"a", "3"}, {"c", "y"}}), {{0, 4}});
  source.add(test::labels({{"__name__", "one"}, {"c", "y"}}), {{0, 2}});
  return source;
}

}  // namespace

TEST_CASE("one to one on labels keeps those labels", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l / on(a) r").lines == Outcome::Lines{"{a=\"1\"} 3"});
  CHECK(test::run_query(source, "l / ignoring(b, c) r").lines == Outcome::Lines{"{a=\"1\"} 3"});
}

TEST_CASE("many to one copies the labels it is asked for", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l * on() group_left(c) one").lines ==
        Outcome::Lines{"{a=\"1\", b=\"x\", c=\"y\"} 12", "{a=\"2\", b=\"x\", c=\"y\"} 16"});
  CHECK(test::run_query(source, "one * on() group_right(c) l").lines ==
        Outcome::Lines{"{a=\"1\", b=\"x\", c=\"y\"} 12", "{a=\"2\", b=\"x\", c=\"y\"} 16"});
}

TEST_CASE("comparisons filter and keep the name, bool says it", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l > 6").lines == Outcome::Lines{"l{a=\"2\", b=\"x\"} 8"});
  CHECK(test::run_query(source, "l > bool 6").lines ==
        Outcome::Lines{"{a=\"1\", b=\"x\"} 0", "{a=\"2\", b=\"x\"} 1"});
  CHECK(test::run_query(source, "6 < l").lines == Outcome::Lines{"l{a=\"2\", b=\"x\"} 8"});
}

TEST_CASE("set operators", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l and on(a) r").lines == Outcome::Lines{"l{a=\"1\", b=\"x\"} 6"});
  CHECK(test::run_query(source, "l unless on(a) r").lines ==
        Outcome::Lines{"l{a=\"2\", b=\"x\"} 8"});
  CHECK(test::run_query(source, "l or on(a) r").lines ==
        Outcome::Lines{"l{a=\"1\", b=\"x\"} 6", "l{a=\"2\", b=\"x\"} 8", "r{a=\"3\", c=\"y\"} 4"});
}

TEST_CASE("ambiguous matches are refused", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l * on(b) one").error.message.empty());
  CHECK(test::run_query(source, "l * on() one").error.message ==
        "multiple matches for labels: many-to-one matching must be explicit "
        "(group_left/group_right)");
  const auto many = test::run_query(source, "one * on(c) r");
  CHECK(many.error.kind == promql::ErrorKind::kExecution);
  CHECK(many.error.message.find("found duplicate series for the match group {c=\"y\"} on the right "
                                "hand-side of the operation: [") == 0);
}

TEST_CASE("fill stands in for a missing side", "[promql][matching]") {
  auto source = two_sides();
  CHECK(test::run_query(source, "l - on(a) fill(1) r").lines ==
        Outcome::Lines{"{a=\"1\"} 4", "{a=\"2\"} 7", "{a=\"3\"} -3"});
  CHECK(test::run_query(source, "l - on(a) fill_right(1) r").lines ==
        Outcome::Lines{"{a=\"1\"} 4", "{a=\"2\"} 7"});
}
