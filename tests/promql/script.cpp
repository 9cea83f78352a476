// SPDX-License-Identifier: Apache-2.0
#include "tests/promql/script.hpp"

#include "promql/durations.hpp"
#include "promql/numbers.hpp"
#include "tests/promql/series_notation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <regex>
#include <stdexcept>

namespace narthex::test {

namespace {

using promql::QueryResult;
using promql::ResultSeries;
using promql::ValueType;

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::int64_t to_ms(const std::string& text) {
  const Result<std::int64_t> ms = promql::parse_duration_ms(text);
  if (ms.ok()) return *ms;
  return static_cast<std::int64_t>(std::stod(text) * 1000);
}

bool starts_command(const std::string& line) {
  static const std::regex kCommand("^(clear|load(_with_nhcb)?\\s|eval)");
  return std::regex_search(line, kCommand);
}

struct Eval {
  std::string query;
  bool instant = true;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;
  bool fail = false, warn = false, info = false, no_warn = false, no_info = false, ordered = false;
  std::string message;  // of the failure
  std::vector<std::string> expected;
};

bool almost_equal(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= 1e-6 * std::max(std::fabs(a), std::fabs(b));
}

bool same_value(const nx_histogram* a, double av, const nx_histogram* b, double bv) {
  if (a == nullptr || b == nullptr) return a == b && almost_equal(av, bv);
  if (!almost_equal(a->count.f, b->count.f) || !almost_equal(a->sum, b->sum)) return false;
  const auto x = promql::buckets_of(*a);
  const auto y = promql::buckets_of(*b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& m, const auto& n) {
    return almost_equal(m.lower, n.lower) && almost_equal(m.upper, n.upper) &&
           almost_equal(m.count, n.count);
  });
}

std::string show(const nx_histogram* h, double v) {
  return h != nullptr ? promql::print_histogram(*h) : promql::format_number(v);
}

class Script {
 public:
  Script(std::shared_ptr<const promql::FunctionTable> table, const ScriptOptions& options)
      : table_(std::move(table)), options_(options) {}

  ScriptOutcome run(std::string_view text);

 private:
  void read_lines(std::string_view text);
  std::vector<std::string> take_body();
  void load(const std::string& line);
  void eval(const std::string& line);
  Eval read_eval(const std::string& line);
  void read_expectation(const std::string& line, Eval& eval);
  void check(const Eval& eval);
  std::string compare(const Eval& eval, const QueryResult& result);
  std::string compare_series(const Eval& eval, const QueryResult& result);
  std::string check_annotations(const Eval& eval, const QueryResult& result) const;
  std::string check_as_range(const Eval& eval, const promql::Query& query,
                             const QueryResult& instant);
  promql::RunOptions run_options(const Eval& eval) const;
  void fail(const Eval& eval, const std::string& why) {
    outcome_.failures.push_back("line " + std::to_string(command_line_) + ": " + eval.query + ": " +
                                why);
  }

  std::shared_ptr<const promql::FunctionTable> table_;
  const ScriptOptions options_;
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  std::size_t command_line_ = 0;
  MemorySource source_;
  ScriptOutcome outcome_;
};

void Script::read_lines(std::string_view text) {
  std::size_t first = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at != text.size() && text[at] != '\n') continue;
    std::string line = trim(text.substr(first, at - first));
    if (!line.empty() && line[0] == '#') line = "#";  // a comment ends no body
    lines_.push_back(std::move(line));
    first = at + 1;
  }
}

std::vector<std::string> Script::take_body() {
  std::vector<std::string> body;
  for (; next_ < lines_.size() && !lines_[next_].empty() && !starts_command(lines_[next_]);
       ++next_) {
    if (lines_[next_] != "#") body.push_back(lines_[next_]);
  }
  return body;
}

ScriptOutcome Script::run(std::string_view text) {
  read_lines(text);
  while (next_ < lines_.size()) {
    const std::string line = lines_[next_++];
    command_line_ = next_;
    if (line.empty() || line == "#") continue;
    if (line == "clear") {
      source_.clear();
    } else if (line.rfind("load", 0) == 0) {
      load(line);
    } else {
      eval(line);
    }
  }
  return std::move(outcome_);
}

void Script::load(const std::string& line) {
  const std::int64_t step_ms = to_ms(trim(line.substr(line.find_first_of(" \t"))));
  for (const std::string& body : take_body()) {
    const NotedSeries series = parse_series(body, source_.arena());
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (!series.values[i]) continue;
      samples.push_back(
          {static_cast<std::int64_t>(i) * step_ms, series.values[i]->v, series.values[i]->h});
    }
    source_.add(series.labels, samples);
  }
}

Eval Script::read_eval(const std::string& line) {
  static const std::regex kInstant("^eval(_\\w+)?\\s+instant\\s+(?:at\\s+(\\S+)\\s+)?(.+)$");
  static const std::regex kRange(
      "^eval(_\\w+)?\\s+range\\s+from\\s+(\\S+)\\s+to\\s+(\\S+)\\s+step\\s+(\\S+)\\s+(.+)$");
  Eval eval;
  std::smatch m;
  if (std::regex_match(line, m, kRange)) {
    eval.instant = false;
    eval.start_ms = to_ms(m[2]);
    eval.end_ms = to_ms(m[3]);
    eval.step_ms = to_ms(m[4]);
    eval.query = m[5];
  } else if (std::regex_match(line, m, kInstant)) {
    eval.start_ms = eval.end_ms = m[2].matched ? to_ms(m[2]) : 0;
    eval.query = m[3];
  } else {
    throw std::runtime_error("line " + std::to_string(command_line_) + ": no command: " + line);
  }
  eval.fail = m[1] == "_fail";
  eval.warn = m[1] == "_warn";
  eval.info = m[1] == "_info";
  eval.ordered = m[1] == "_ordered";
  return eval;
}

void Script::read_expectation(const std::string& line, Eval& eval) {
  static const std::regex kExpect("^expect\\s+(\\w+)(?:\\s+(msg|regex):\\s*(.*))?$");
  static const std::regex kMessage("^expected_fail_message\\s+(.*)$");
  std::smatch m;
  if (std::regex_match(line, m, kMessage)) {
    eval.message = m[1];
  } else if (std::regex_match(line, m, kExpect)) {
    eval.fail = eval.fail || m[1] == "fail";
    eval.warn = eval.warn || m[1] == "warn";
    eval.info = eval.info || m[1] == "info";
    eval.no_warn = eval.no_warn || m[1] == "no_warn";
    eval.no_info = eval.no_info || m[1] == "no_info";
    eval.ordered = eval.ordered || m[1] == "ordered";
    if (m[1] == "fail" && m[2] == "msg") eval.message = m[3];
  } else {
    eval.expected.push_back(line);
  }
}

void Script::eval(const std::string& line) {
  Eval eval = read_eval(line);
  for (const std::string& body : take_body()) read_expectation(body, eval);
  ++outcome_.evals;
  check(eval);
}

promql::RunOptions Script::run_options(const Eval& eval) const {
  promql::RunOptions options;
  options.start_ms = eval.start_ms;
  options.end_ms = eval.end_ms;
  options.step_ms = eval.instant ? 0 : eval.step_ms;
  options.delayed_name_removal = options_.delayed_name_removal;
  return options;
}

void Script::check(const Eval& eval) {
  const Result<promql::Query> query = promql::Query::parse(eval.query, table_, options_.parse);
  std::string error = query.ok() ? "" : query.status().message();
  std::optional<QueryResult> result;
  if (query.ok()) {
    result = query.value().run(source_, run_options(eval));
    error = result->error.message;
  }
  if (!error.empty()) {
    if (!eval.fail) return fail(eval, "failed: " + error);
    if (!eval.message.empty() && error.find(eval.message) == error.npos) {
      fail(eval, "failed with another message: " + error);
    }
    return;
  }
  if (eval.fail) return fail(eval, "did not fail");
  std::string why = compare(eval, *result);
  if (why.empty()) why = check_annotations(eval, *result);
  if (why.empty() && eval.instant) why = check_as_range(eval, query.value(), *result);
  if (!why.empty()) fail(eval, why);
}

std::string Script::check_annotations(const Eval& eval, const QueryResult& result) const {
  const auto warnings = result.annotations.warnings(eval.query);
  const auto infos = result.annotations.infos(eval.query);
  if (eval.warn && warnings.empty()) return "no warning";
  if (eval.info && infos.empty()) return "no info";
  if (eval.no_warn && !warnings.empty()) return "warning: " + warnings[0];
  if (eval.no_info && !infos.empty()) return "info: " + infos[0];
  return {};
}

std::string Script::compare(const Eval& eval, const QueryResult& result) {
  if (result.type == ValueType::kString) {
    const std::string text = eval.expected.empty() ? "" : eval.expected[0];
    return text.find(result.text) != text.npos ? "" : "is the string " + result.text;
  }
  if (result.type != ValueType::kScalar) return compare_series(eval, result);
  if (eval.expected.empty()) return {};
  const NotedSeries wanted = parse_series(eval.expected[0], source_.arena());
  return almost_equal(wanted.values.at(0)->v, result.scalar)
             ? ""
             : "is " + promql::format_number(result.scalar);
}

std::string Script::compare_series(const Eval& eval, const QueryResult& result) {
  if (result.series.size() != eval.expected.size()) {
    return "has " + std::to_string(result.series.size()) + " series instead of " +
           std::to_string(eval.expected.size());
  }
  for (std::size_t e = 0; e < eval.expected.size(); ++e) {
    const NotedSeries wanted = parse_series(eval.expected[e], source_.arena());
    const auto found =
        std::find_if(result.series.begin(), result.series.end(), [&](const ResultSeries& series) {
          return result.labels->copy(series.labels) == wanted.labels;
        });
    if (found == result.series.end()) return "lacks " + eval.expected[e];
    if (eval.ordered && static_cast<std::size_t>(found - result.series.begin()) != e) {
      return "has another order at " + eval.expected[e];
    }
    std::size_t k = 0;
    for (std::size_t i = 0; i < wanted.values.size(); ++i) {
      if (!wanted.values[i]) continue;
      const std::int64_t t = eval.start_ms + static_cast<std::int64_t>(i) * eval.step_ms;
      if (k >= found->t_ms.size() || found->t_ms[k] != t) {
        return "has no value at " + std::to_string(t) + " in " + eval.expected[e];
      }
      const nx_histogram* h = found->h.empty() ? nullptr : found->h[k];
      if (!same_value(wanted.values[i]->h, wanted.values[i]->v, h, found->v[k])) {
        return "has " + show(h, found->v[k]) + " at " + std::to_string(t) + " in " +
               eval.expected[e];
      }
      ++k;
    }
    if (k != found->t_ms.size()) return "has more values in " + eval.expected[e];
  }
  return {};
}

// The middle step of a range around an instant has the instant's result.
std::string Script::check_as_range(const Eval& eval, const promql::Query& query,
                                   const QueryResult& instant) {
  if (query.type() == ValueType::kString || query.type() == ValueType::kMatrix) return {};
  promql::RunOptions options = run_options(eval);
  options.start_ms -= 60'000;
  options.end_ms += 60'000;
  options.step_ms = 60'000;
  const QueryResult range = query.run(source_, options);
  if (!range.error.message.empty()) return "fails as a range: " + range.error.message;
  if (instant.type == ValueType::kScalar) {
    const double v = range.series.at(0).v[1];
    return almost_equal(v, instant.scalar) ? "" : "is as a range " + promql::format_number(v);
  }
  std::size_t count = 0;
  for (const ResultSeries& series : range.series) {
    for (std::size_t i = 0; i < series.t_ms.size(); ++i) {
      if (series.t_ms[i] != eval.start_ms) continue;
      ++count;
      const Labels labels = range.labels->copy(series.labels);
      const nx_histogram* h = series.h.empty() ? nullptr : series.h[i];
      const bool same =
          std::any_of(instant.series.begin(), instant.series.end(), [&](const ResultSeries& s) {
            return instant.labels->copy(s.labels) == labels &&
                   same_value(h, series.v[i], s.h.empty() ? nullptr : s.h[0], s.v[0]);
          });
      if (!same) {
        return "has as a range " + range.labels->print(series.labels) + " " + show(h, series.v[i]);
      }
    }
  }
  return count == instant.series.size() ? ""
                                        : "has as a range " + std::to_string(count) + " series";
}

}  // namespace

ScriptOptions all_features() {
  ScriptOptions options;
  options.parse.experimental_functions = true;
  options.parse.duration_expressions = true;
  options.parse.extended_range_selectors = true;
  return options;
}

ScriptOutcome run_script(std::string_view text, std::shared_ptr<const promql::FunctionTable> table,
                         const ScriptOptions& options) {
  return Script(std::move(table), options).run(text);
}

}  // namespace narthex::test
