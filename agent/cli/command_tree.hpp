// SPDX-License-Identifier: Apache-2.0
// command_tree.hpp - the verbs with their options. CLI11 lives in command_tree.cpp only.
#pragma once

#include <string>
#include <vector>

namespace narthex::cli {

// A command as the completions see it.
struct CommandInfo {
  std::string name;
  std::string help;
  std::vector<std::string> options;  // "--url"
  std::vector<CommandInfo> commands;
};

// Runs everything but serve.
int run_tool(const std::vector<std::string>& arguments);
CommandInfo command_info();

}  // namespace narthex::cli
