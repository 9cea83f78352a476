// SPDX-License-Identifier: Apache-2.0
// narthex query explain: how a server computed an expression, as a tree of operators.
#include "cli/cli.hpp"
#include "cli/query_reply.hpp"
#include "cli/text_table.hpp"

#include <cstdio>

namespace narthex::cli {

namespace {

using sdk::Value;
using Rows = std::vector<std::vector<std::string>>;

std::string milliseconds(double seconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f ms", seconds * 1e3);
  return text;
}

std::string count(Value number) { return std::to_string(number.get<std::int64_t>()); }

// One row for a node, then its children: `head` stands before its name, `below` before theirs.
void add_node(Value node, const std::string& head, const std::string& below, Rows& rows) {
  const auto children = node["children"].items();
  const double time = node["time"].get<double>();
  double self = time;
  for (const nx_value& child : children) self -= Value(&child)["time"].get<double>();
  rows.push_back({head + node["operation"].get<std::string>(), milliseconds(time),
                  milliseconds(self > 0 ? self : 0), count(node["samples"]), count(node["series"]),
                  count(node["values"]), node["expression"].get<std::string>()});
  for (const nx_value& child : children) {
    const bool last = &child == &children.back();
    add_node(Value(&child), below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "), rows);
  }
}

void print_summary(Value stats) {
  const Value timings = stats["timings"];
  const auto part = [&](const char* name) { return milliseconds(timings[name].get<double>()); };
  std::printf("queue %s, prepare %s, evaluate %s, sort %s, in all %s\n",
              part("execQueueTime").c_str(), part("queryPreparationTime").c_str(),
              part("innerEvalTime").c_str(), part("resultSortTime").c_str(),
              part("execTotalTime").c_str());
  std::printf("%s samples, at most %s at once, at most %.1f MiB of memory\n\n",
              count(stats["samples"]["totalQueryableSamples"]).c_str(),
              count(stats["samples"]["peakSamples"]).c_str(),
              static_cast<double>(stats["memory"]["peakBytes"].get<std::int64_t>()) / (1 << 20));
}

}  // namespace

int query_explain(const QueryOptions& options) {
  const bool over_time = !options.start.empty() || !options.end.empty() || !options.step.empty();
  net::Params params = {{"query", options.expression}};
  if (over_time) {
    params = range_parameters(options);
  } else {
    add(params, "time", options.time);
  }
  add(params, "stats", "plan");
  const Reply reply =
      ask(options, "POST", over_time ? "/api/v1/query_range" : "/api/v1/query", params);
  if (reply.exit_code != kGood || !reply.document) return reply.exit_code;
  const Value stats = reply.data["stats"];
  if (!stats["plan"]) {
    std::fputs("narthex: this server explains no queries\n", stderr);
    return kFailure;
  }
  print_summary(stats);
  Rows rows = {{"operation", "time", "self", "samples", "series", "values", "expression"}};
  for (const nx_value& node : stats["plan"].items()) add_node(Value(&node), "", "", rows);
  if (rows.size() == 1) rows.push_back({"a scalar: no operator is needed"});
  std::fputs(text_table(rows).c_str(), stdout);
  return kGood;
}

}  // namespace narthex::cli
