// SPDX-License-Identifier: Apache-2.0
// narthex tsdb verify | repair
#include "bus/bus.hpp"
#include "cli/cli.hpp"
#include "cli/progress_line.hpp"
#include "cli/store_check.hpp"
#include "cli/time_option.hpp"
#include "cli/tool.hpp"

#include <cstdio>
#include <string>

namespace narthex::cli {

namespace {

std::string number_text(sdk::Value value) {
  return grouped(static_cast<std::uint64_t>(value.get<std::int64_t>()));
}

std::string damage_text(sdk::Value damage) {
  std::string out(damage["file"].get<std::string_view>());
  (out += ": ") += damage["what"].get<std::string_view>();
  const bool series = static_cast<bool>(damage["series"]);
  const bool times = static_cast<bool>(damage["min_time"]);
  if (series || times) out += "; lost are samples";
  if (series) {
    out += " of " + number_text(damage["series"]) + " series, number " +
           number_text(damage["first_series"]) + " and behind,";
  }
  if (times) {
    out += " from " + time_text(damage["min_time"].get<std::int64_t>()) + " to " +
           time_text(damage["max_time"].get<std::int64_t>());
  }
  return out;
}

void print_lines(const char* head, sdk::Value texts) {
  for (const nx_value& item : texts.items()) {
    const std::string text(sdk::Value(&item).get<std::string_view>());
    std::printf("%-12s%s\n", head, text.c_str());
  }
}

std::size_t print_damages(const char* head, sdk::Value damages) {
  for (const nx_value& item : damages.items()) {
    std::printf("%-12s%s\n", head, damage_text(sdk::Value(&item)).c_str());
  }
  return damages.items().size();
}

void print_figures(sdk::Value tree) {
  std::uint64_t samples = 0;
  for (const nx_value& item : tree["tables"].items()) {
    samples += static_cast<std::uint64_t>(sdk::Value(&item)["samples"].get<std::int64_t>());
  }
  const sdk::Value log = tree["log"];
  std::printf("tables      %s with %s samples\n", grouped(tree["tables"].items().size()).c_str(),
              grouped(samples).c_str());
  std::printf("log         %s segments with %s samples\n", number_text(log["segments"]).c_str(),
              number_text(log["samples"]).c_str());
  std::printf("bytes       %s in %s files, and %s files in quarantine\n",
              number_text(tree["bytes"]).c_str(), number_text(tree["files"]).c_str(),
              number_text(tree["quarantined"]).c_str());
}

int print_json(sdk::Value tree, std::size_t open) {
  std::printf("%s\n", bus::to_json(*tree.raw()).c_str());
  return open == 0 ? kGood : kFindings;
}

int print_verification(sdk::Value tree) {
  print_figures(tree);
  print_lines("note", tree["notes"]);
  const std::size_t damages = print_damages("damaged", tree["damages"]);
  if (damages == 0) return std::puts("good"), kGood;
  std::printf("%zu damaged places; narthex tsdb repair makes the directory whole\n", damages);
  return kFindings;
}

int print_repair(sdk::Value tree) {
  print_figures(tree);
  const std::size_t damages = print_damages("damaged", tree["damages"]);
  if (damages == 0) return std::puts("good, nothing to do"), kGood;
  print_lines("done", tree["actions"]);
  const std::size_t left = print_damages("left", tree["left"]);
  if (left == 0) return std::puts("repaired: the directory is whole"), kGood;
  std::printf("%zu places are still damaged\n", left);
  return kFindings;
}

int check(const TsdbOptions& options, std::string_view kind) {
  int code = kFailure;
  const Status done = check_store(options.data, {kind}, [&](sdk::Value tree) {
    const bool repairs = kind == "repair";
    if (options.output == "json") {
      code = print_json(tree, tree[repairs ? "left" : "damages"].items().size());
    } else {
      code = repairs ? print_repair(tree) : print_verification(tree);
    }
  });
  if (done.ok()) return code;
  std::fprintf(stderr, "narthex: %s\n", done.message().c_str());
  return kFailure;
}

}  // namespace

int tsdb_verify(const TsdbOptions& options) { return check(options, "verify"); }
int tsdb_repair(const TsdbOptions& options) { return check(options, "repair"); }

}  // namespace narthex::cli
