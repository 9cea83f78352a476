// SPDX-License-Identifier: Apache-2.0
// check.hpp - the conformance kit: `narthex plugin check FILE`. Runs every check of a plugin file
// in a process of its own and says which rule each finding breaks.
//
// REQUIRES: the calling process has one thread. The file is never loaded into it (but with
// in_process).
#pragma once

#include "check/finding.hpp"

#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace narthex::check {

struct Options {
  std::string file;
  std::vector<std::string> suites;  // groups and kinds to run; empty: all
  std::string config_file;          // TOML: a table of options a component; empty: made up
  std::string corpus;               // a folder of bodies for parsers and receivers; empty: none
  std::uint64_t seed = 1;
  std::int64_t timeout_ms = 60'000;  // of each check
  std::int64_t fuzz_ms = 0;          // how long hostile input is tried after the checks
  bool in_process = false;           // for a debugger
  std::function<void(const Outcome&)> on_outcome;  // told as they come; may be empty
};

// A status only when the question is wrong: no such file, a bad config, an unknown suite.
Result<Report> run(const Options& options);

// The names that `suites` may hold.
std::vector<std::string> suite_names();

// One outcome as lines for a terminal; the summary; the whole report for machines.
std::string outcome_text(const Outcome& outcome);
std::string summary_text(const Report& report);
std::string to_json(const Report& report);
std::string to_junit(const Report& report);

}  // namespace narthex::check
