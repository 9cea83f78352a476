// SPDX-License-Identifier: Apache-2.0
// narthex plugin check FILE... : the conformance kit. No plugin host is made here: the kit wants a
// process of one thread.
#include "check/check.hpp"
#include "check/rules.hpp"
#include "cli/cli.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>

namespace narthex::cli {

namespace {

int print_rules() {
  for (const check::Rule& rule : check::rules()) {
    std::printf("%s  %s\n           %s\n", std::string(rule.id).c_str(),
                std::string(rule.text).c_str(), std::string(rule.advice).c_str());
  }
  return kGood;
}

Result<std::int64_t> read_duration(const std::string& text) {
  return text.empty() ? Result<std::int64_t>(0) : document::parse_duration_ms(text);
}

bool write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (out) return true;
  std::fprintf(stderr, "narthex: cannot write %s\n", path.c_str());
  return false;
}

Result<check::Options> kit_options(const PluginCheckOptions& from) {
  check::Options options;
  options.suites = from.suites;
  options.config_file = from.config_file;
  options.corpus = from.corpus;
  options.in_process = from.in_process;
  options.seed = from.seed != 0 ? from.seed : std::random_device()() | 1u;
  const Result<std::int64_t> timeout = read_duration(from.timeout);
  if (!timeout.ok()) return timeout.status().with_prefix("--timeout");
  if (*timeout != 0) options.timeout_ms = *timeout;
  const Result<std::int64_t> fuzz = read_duration(from.fuzz);
  if (!fuzz.ok()) return fuzz.status().with_prefix("--fuzz");
  options.fuzz_ms = *fuzz;
  if (from.output == "table") {
    const bool quiet = from.quiet;
    options.on_outcome = [quiet](const check::Outcome& outcome) {
      if (quiet && outcome.findings.empty()) return;
      std::fputs(check::outcome_text(outcome).c_str(), stdout);
      std::fflush(stdout);
    };
  }
  return options;
}

// kGood, kFindings, or kFailure when the question was wrong.
int check_file(const PluginCheckOptions& from, check::Options options, const std::string& file) {
  options.file = file;
  // A child is a copy of this process: what is buffered would be written twice.
  std::fflush(nullptr);
  const Result<check::Report> report = check::run(options);
  if (!report.ok()) {
    std::fprintf(stderr, "narthex: %s\n", report.status().message().c_str());
    return kFailure;
  }
  if (from.output == "table") std::fputs(check::summary_text(*report).c_str(), stdout);
  if (from.output == "json") std::fputs(check::to_json(*report).c_str(), stdout);
  if (from.output == "junit") std::fputs(check::to_junit(*report).c_str(), stdout);
  if (!write_file(from.junit_file, check::to_junit(*report))) return kFailure;
  if (!write_file(from.json_file, check::to_json(*report))) return kFailure;
  return report->finding_count() == 0 ? kGood : kFindings;
}

}  // namespace

int plugin_check(const PluginCheckOptions& options) {
  if (options.rules) return print_rules();
  if (options.files.empty()) {
    std::fprintf(stderr, "narthex: plugin check wants a file\n");
    return kUsage;
  }
  const Result<check::Options> kit = kit_options(options);
  if (!kit.ok()) {
    std::fprintf(stderr, "narthex: %s\n", kit.status().message().c_str());
    return kUsage;
  }
  int worst = kGood;
  for (const std::string& file : options.files) {
    const int code = check_file(options, *kit, file);
    if (code == kFailure) return kFailure;
    worst = std::max(worst, code);
  }
  return worst;
}

}  // namespace narthex::cli
