// SPDX-License-Identifier: Apache-2.0
// serve_flags.hpp - reads the flags of `serve`. Pure.
#pragma once

#include "config/config.hpp"

#include <span>
#include <string>
#include <vector>

namespace narthex::cli {

struct ServeArguments {
  config::CommandLine command_line;
  bool help = false;
  bool version = false;
  std::string error;  // of usage: an unknown flag, a missing or bad value
};

// `--flag=value`, `--flag value`, `--switch`, `--no-switch`, as Prometheus takes them.
ServeArguments parse_serve(std::span<const std::string> arguments);
std::string serve_help();
std::string version_text();

}  // namespace narthex::cli
