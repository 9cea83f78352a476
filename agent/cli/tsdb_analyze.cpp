// SPDX-License-Identifier: Apache-2.0
// narthex tsdb analyze
#include "bus/bus.hpp"
#include "cli/cli.hpp"
#include "cli/progress_line.hpp"
#include "cli/store_check.hpp"
#include "cli/text_table.hpp"
#include "cli/time_option.hpp"
#include "cli/tool.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace narthex::cli {

namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr double kRawBytes = 16;  // a time and a value

std::string figure_text(sdk::Value value) {
  return grouped(static_cast<std::uint64_t>(value.get<std::int64_t>()));
}

std::string ratio_text(double numerator, double denominator) {
  char text[32] = "-";
  if (denominator > 0) std::snprintf(text, sizeof text, "%.2f", numerator / denominator);
  return text;
}

// Samples, bytes, bytes a sample, compression.
void add_sizes(std::vector<std::string>& row, sdk::Value of) {
  const auto samples = of["samples"].get<double>();
  const auto bytes = of["bytes"].get<double>();
  row.insert(row.end(), {figure_text(of["samples"]), figure_text(of["bytes"]),
                         ratio_text(bytes, samples), ratio_text(kRawBytes * samples, bytes)});
}

void print_ranking(const char* title, sdk::Value ranking) {
  if (ranking.items().empty()) return;
  Rows rows;
  for (const nx_value& item : ranking.items()) {
    const sdk::Value row(&item);
    rows.push_back({figure_text(row["value"]), std::string(row["name"].get<std::string_view>())});
  }
  std::printf("\n%s\n%s", title, text_table(rows).c_str());
}

void print_tables(sdk::Value tree) {
  Rows rows{{"partition", "table", "series", "samples", "bytes", "B/sample", "compression"}};
  for (const nx_value& item : tree["tables"].items()) {
    const sdk::Value table(&item);
    std::vector<std::string>& row = rows.emplace_back();
    row = {time_text(table["partition"].get<std::int64_t>()).substr(0, 10),
           std::string(table["file"].get<std::string_view>()), figure_text(table["series"])};
    add_sizes(row, table);
  }
  std::vector<std::string>& log = rows.emplace_back();
  log = {"", "log", figure_text(tree["log_series"])};
  add_sizes(log, tree["log"]);
  std::printf("\n%s", text_table(rows).c_str());
}

int print_analysis(sdk::Value tree) {
  std::printf("series           %s\n", figure_text(tree["series"]).c_str());
  std::printf("label pairs      %s\n", figure_text(tree["label_pairs"]).c_str());
  std::printf("samples          %s\n", figure_text(tree["samples"]).c_str());
  std::printf("bytes            %s\n", figure_text(tree["bytes"]).c_str());
  std::printf("partitions       %s\n", figure_text(tree["partitions"]).c_str());
  std::printf("churning series  %s\n", figure_text(tree["churning_series"]).c_str());
  print_tables(tree);
  print_ranking("Series by metric name", tree["seriesCountByMetricName"]);
  print_ranking("Churning series by metric name", tree["churningSeriesCountByMetricName"]);
  print_ranking("Values by label name", tree["labelValueCountByLabelName"]);
  print_ranking("Series by label pair", tree["seriesCountByLabelValuePair"]);
  for (const nx_value& item : tree["damages"].items()) {
    const sdk::Value damage(&item);
    std::fprintf(stderr, "not counted: %s: %s\n",
                 std::string(damage["file"].get<std::string_view>()).c_str(),
                 std::string(damage["what"].get<std::string_view>()).c_str());
  }
  return tree["damages"].items().empty() ? kGood : kFindings;
}

}  // namespace

int tsdb_analyze(const TsdbOptions& options) {
  int code = kFailure;
  const CheckRequest request{"analyze", static_cast<std::uint32_t>(options.limit)};
  const Status done = check_store(options.data, request, [&](sdk::Value tree) {
    if (options.output == "json") {
      std::printf("%s\n", bus::to_json(*tree.raw()).c_str());
      code = tree["damages"].items().empty() ? kGood : kFindings;
    } else {
      code = print_analysis(tree);
    }
  });
  if (done.ok()) return code;
  std::fprintf(stderr, "narthex: %s\n", done.message().c_str());
  return kFailure;
}

}  // namespace narthex::cli
