// SPDX-License-Identifier: Apache-2.0
// The window functions of the slow evaluator.
#include "tests/support/slow_evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace narthex::test {

namespace {

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// How far the samples stand for the time up to an edge: all of it when it is not much longer than
// the gaps between them, half a gap otherwise.
double reach(double to_edge, double gap) { return to_edge < gap * 1.1 ? to_edge : gap / 2; }

double grown(const SlowWindow& w, bool counter, bool per_second) {
  const Points& p = w.points;
  double change = p.back().v - p.front().v;
  for (std::size_t i = 1; counter && i < p.size(); ++i) {
    if (p[i].v < p[i - 1].v) change += p[i - 1].v;
  }
  const double sampled = seconds(p.back().t_ms - p.front().t_ms);
  const double gap = sampled / static_cast<double>(p.size() - 1);
  double before = reach(seconds(p.front().t_ms - w.start_ms), gap);
  if (counter && change > 0 && p.front().v >= 0) {
    before = std::min(before, sampled * (p.front().v / change));
  }
  const double after = reach(seconds(w.end_ms - p.back().t_ms), gap);
  double factor = (sampled + before + after) / sampled;
  if (per_second) factor /= seconds(w.end_ms - w.start_ms);
  return change * factor;
}

double last_change(const Points& p, bool rate) {
  const Point& last = p[p.size() - 1];
  const Point& before = p[p.size() - 2];
  const double change = rate && last.v < before.v ? last.v : last.v - before.v;
  return rate ? change / seconds(last.t_ms - before.t_ms) : change;
}

std::vector<double> values_of(const Points& points) {
  std::vector<double> out;
  for (const Point& point : points) out.push_back(point.v);
  return out;
}

double count_steps(const Points& p, bool falls_only) {
  double count = 0;
  for (std::size_t i = 1; i < p.size(); ++i) {
    count += falls_only ? p[i].v < p[i - 1].v : p[i].v != p[i - 1].v;
  }
  return count;
}

}  // namespace

double slow_quantile(double q, std::vector<double> values) {
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  std::sort(values.begin(), values.end());
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(std::floor(rank));
  const std::size_t upper = std::min(lower + 1, values.size() - 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

bool slow_window_function(const std::string& name, const SlowWindow& w, double parameter,
                          double& out) {
  const Points& p = w.points;
  const std::vector<double> values = values_of(p);
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double v : values) sum += v;
  double squares = 0;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  if (name == "sum_over_time") return out = sum, true;
  if (name == "avg_over_time") return out = sum / n, true;
  if (name == "count_over_time") return out = n, true;
  if (name == "present_over_time") return out = 1, true;
  if (name == "last_over_time") return out = values.back(), true;
  if (name == "min_over_time") return out = *std::min_element(values.begin(), values.end()), true;
  if (name == "max_over_time") return out = *std::max_element(values.begin(), values.end()), true;
  if (name == "stdvar_over_time") return out = squares / n, true;
  if (name == "stddev_over_time") return out = std::sqrt(squares / n), true;
  if (name == "quantile_over_time") return out = slow_quantile(parameter, values), true;
  if (name == "changes") return out = count_steps(p, false), true;
  if (name == "resets") return out = count_steps(p, true), true;
  if (p.size() < 2) return false;
  if (name == "rate") return out = grown(w, true, true), true;
  if (name == "increase") return out = grown(w, true, false), true;
  if (name == "delta") return out = grown(w, false, false), true;
  if (name == "irate") return out = last_change(p, true), true;
  if (name == "idelta") return out = last_change(p, false), true;
  throw std::logic_error("a window function the slow evaluator does not know: " + name);
}

}  // namespace narthex::test
