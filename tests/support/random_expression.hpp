// SPDX-License-Identifier: Apache-2.0
// random_expression.hpp - random queries of what the slow evaluator knows. The same seed makes the
// same texts.
#pragma once

#include <initializer_list>
#include <random>
#include <string>

namespace narthex::test {

class RandomExpression {
 public:
  explicit RandomExpression(std::uint32_t seed) : random_(seed) {}

  std::string vector(int depth) {
    if (depth <= 0) return selector() + shift();
    switch (below(8)) {
      case 0:
      case 1:
        return window(depth);
      case 2:
      case 3:
        return aggregate(depth);
      case 4:
        return binary(depth);
      case 5:
        return with_scalar(depth);
      case 6:
        return set_operation(depth);
      default:
        return element(depth);
    }
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string one_of(std::initializer_list<const char*> texts) {
    return texts.begin()[below(static_cast<unsigned>(texts.size()))];
  }

  // Within a subquery only what both evaluators compute to the last bit: a counter of rounded
  // values would be reset by a rounding.
  struct Exactly {
    explicit Exactly(bool& flag) : flag_(flag), before_(flag) { flag = true; }
    ~Exactly() { flag_ = before_; }
    Exactly(const Exactly&) = delete;
    Exactly& operator=(const Exactly&) = delete;
    bool& flag_;
    const bool before_;
  };

  std::string selector() {
    return one_of({"requests_total", "level", "limits", "requests_total{job=\"a\"}",
                   "level{zone!=\"n\"}", "requests_total{zone=~\"n|s\"}", "level{job=\"none\"}"});
  }
  std::string shift() {
    return one_of({"", "", "", "", " offset 1m", " offset -90s", " @ 2000", " @ start()",
                   " @ end()", " @ 1800 offset 30s"});
  }
  std::string range(int depth) {
    if (depth > 1 && below(3) == 0) {
      const Exactly exactly(exact_);
      return "(" + nameless(depth - 2) + ")[" + one_of({"3m:", "4m:30s", "2m:45s"}) + "]" + shift();
    }
    return selector() + "[" + one_of({"1m", "2m", "5m", "90s"}) + "]" + shift();
  }
  std::string window(int depth) {
    if (exact_) {
      return one_of({"sum_over_time", "min_over_time", "max_over_time", "count_over_time",
                     "last_over_time", "idelta", "changes", "resets"}) +
             "(" + range(depth) + ")";
    }
    if (below(8) == 0) {
      return "quantile_over_time(" + one_of({"0", "0.25", "0.9", "1", "2"}) + ", " + range(depth) +
             ")";
    }
    return one_of({"rate", "rate", "increase", "delta", "irate", "idelta", "sum_over_time",
                   "avg_over_time", "min_over_time", "max_over_time", "count_over_time",
                   "stddev_over_time", "last_over_time", "present_over_time", "changes",
                   "resets"}) +
           "(" + range(depth) + ")";
  }
  std::string grouping() {
    return one_of({"", " by (job)", " by (zone)", " by (job, zone)", " without (zone)",
                   " without (job)", " by (nothing)"});
  }
  std::string aggregate(int depth) {
    if (exact_) {
      return one_of({"sum", "min", "max", "count", "group"}) + grouping() + " (" +
             vector(depth - 1) + ")";
    }
    if (below(6) == 0) {
      return "quantile" + grouping() + " (" + one_of({"0.5", "0.9", "-1"}) + ", " +
             vector(depth - 1) + ")";
    }
    return one_of({"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"}) + grouping() +
           " (" + vector(depth - 1) + ")";
  }
  std::string matching() {
    return one_of({"", "", " on (job)", " on (job, zone)", " ignoring (zone)",
                   " on (job) group_left ()", " on (job) group_right (zone)",
                   " ignoring (zone) group_left ()", " on (zone) group_left (job)"});
  }
  std::string binary(int depth) {
    return "(" + vector(depth - 1) + ") " +
           one_of({"+", "-", "*", "/", ">", "<=", "== bool", ">= bool", "!="}) + matching() + " (" +
           vector(depth - 1) + ")";
  }
  std::string with_scalar(int depth) {
    const std::string scalar = one_of({"2", "0.5", "-1", "time()", "scalar(limits{job=\"a\"})"});
    const std::string op = one_of({" + ", " * ", " / ", " - ", " > ", " < bool ", " >= "});
    const std::string of = "(" + vector(depth - 1) + ")";
    return below(2) == 0 ? of + op + scalar : scalar + op + of;
  }
  // Names would tell elements apart that mean the same: a collision over time, not at one step.
  std::string nameless(int depth) { return one_of({"abs", "sgn"}) + "(" + vector(depth) + ")"; }
  std::string set_operation(int depth) {
    return nameless(depth - 1) + " " + one_of({"and", "or", "unless"}) +
           one_of({"", " on (job)", " ignoring (zone)"}) + " " + nameless(depth - 1);
  }
  std::string element(int depth) {
    switch (below(3)) {
      case 0:
        return "abs(" + vector(depth - 1) + ")";
      case 1:
        return "-" + nameless(depth - 1);
      default:
        return "clamp_max(" + vector(depth - 1) + ", " + one_of({"10", "-1", "time()"}) + ")";
    }
  }

  std::mt19937 random_;
  bool exact_ = false;
};

}  // namespace narthex::test
