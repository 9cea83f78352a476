// SPDX-License-Identifier: Apache-2.0
// command_tree.hpp - the verbs with their options. CLI11 lives in command_tree.cpp only.
#pragma once

#include <string>
#include <vector>

namespace narthex::cli {

// An option, or a positional argument (then it has no dashes in its name).
struct OptionInfo {
  std::string name;        // "--url", "files"
  std::string short_name;  // "-o"; empty: none
  std::string help;
  std::string otherwise;  // the default; empty: none
  bool takes_value = true;
  bool required = false;
  bool repeats = false;
  std::vector<std::string> choices;  // empty: anything
};

// A command as completions and man pages see it.
struct CommandInfo {
  std::string name;
  std::string help;
  std::string more;  // what the help says below the options
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
  std::vector<CommandInfo> commands;
};

// Runs everything but serve.
int run_tool(const std::vector<std::string>& arguments);
CommandInfo command_info();

}  // namespace narthex::cli
