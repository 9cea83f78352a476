// SPDX-License-Identifier: Apache-2.0
// run_query.hpp - a query and its result as lines of text, for tests that look at whole results:
// `up{job="node"} 1` of an instant query, `up{job="node"} 1@0 1@60000` of a range.
#pragma once

#include "promql/engine.hpp"
#include "promql/numbers.hpp"
#include "tests/support/memory_source.hpp"
#include "tests/support/promql_functions.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace narthex::test {

struct Outcome {
  using Lines = std::vector<std::string>;
  promql::QueryError error;
  Lines lines;  // sorted
  Lines warnings;
  Lines infos;
  promql::SampleStats stats;
};

inline Labels labels(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  Labels out;
  for (const auto& [name, value] : pairs) out.set(name, value);
  return out;
}

// {__name__="up", job="x"} as up{job="x"}.
// m{s="0"}, m{s="1"} ...: so many series with a sample a second from 0 on, 0, 0.5, 1 ...
inline MemorySource series_alike(int series, int samples) {
  MemorySource source;
  std::vector<Sample> column;
  for (int i = 0; i < samples; ++i) column.push_back({i * 1000, i * 0.5});
  for (int s = 0; s < series; ++s) {
    source.add(labels({{"__name__", "m"}, {"s", std::to_string(s).c_str()}}), column);
  }
  return source;
}

inline std::string series_name(const promql::LabelStore& store, const promql::LabelSet& set) {
  const std::string name(store.name_of(set));
  std::string text = store.print(set);
  if (name.empty()) return text;
  text.erase(1, std::string("__name__=\"\"").size() + name.size());
  if (text == "{}") return name;
  return name + "{" + text.substr(std::string("{, ").size());
}

inline Outcome run_query(MemorySource& source, std::string_view text,
                         const promql::RunOptions& options = {}) {
  const promql::ParseOptions all{.experimental_functions = true,
                                 .duration_expressions = true,
                                 .extended_range_selectors = true,
                                 .fill_modifiers = true};
  const auto query = promql::Query::parse(text, promql_functions(), all);
  INFO(text);
  if (!query.ok()) FAIL(query.status().message());
  const promql::QueryResult result = query->run(source, options);
  Outcome out;
  out.error = result.error;
  out.stats = result.stats;
  out.warnings = result.annotations.warnings(text);
  out.infos = result.annotations.infos(text);
  if (result.type == promql::ValueType::kScalar) {
    out.lines.push_back(promql::format_number(result.scalar));
  }
  for (const promql::ResultSeries& series : result.series) {
    std::string line = series_name(*result.labels, series.labels);
    for (std::size_t i = 0; i < series.t_ms.size(); ++i) {
      const nx_histogram* h = series.h.empty() ? nullptr : series.h[i];
      line += " ";
      line += h != nullptr ? promql::print_histogram(*h) : promql::format_number(series.v[i]);
      if (!options.instant()) line += "@" + std::to_string(series.t_ms[i]);
    }
    out.lines.push_back(line);
  }
  std::sort(out.lines.begin(), out.lines.end());
  return out;
}

}  // namespace narthex::test
