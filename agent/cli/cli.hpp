// SPDX-License-Identifier: Apache-2.0
// cli.hpp - the command line: picks the verb, runs it, returns the exit status of the process.
//
// `serve`, and a command line without a verb, never touch the command tree: their flags are read by
// a small parser of our own, because they are Prometheus's flags and because starting must be
// quick.
#pragma once

#include "config/config.hpp"

#include <functional>

namespace narthex::cli {

// Exit codes of the tools.
inline constexpr int kGood = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;
inline constexpr int kFindings = 3;
inline constexpr int kNoConnection = 4;

using Serve = std::function<int(const config::CommandLine&)>;
int run(int argc, char** argv, const Serve& serve);

}  // namespace narthex::cli
