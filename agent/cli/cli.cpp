// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "cli/command_tree.hpp"
#include "cli/serve_flags.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::cli {

namespace {

// No verb means serve: `narthex --config.file=prometheus.yml`.
bool means_serve(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return true;
  const std::string& first = arguments[0];
  if (first == "serve") return true;
  return first.starts_with('-') && first != "--help" && first != "-h" && first != "--version";
}

int run_serve(std::vector<std::string> arguments, const Serve& serve) {
  if (!arguments.empty() && arguments[0] == "serve") arguments.erase(arguments.begin());
  const ServeArguments parsed = parse_serve(arguments);
  if (!parsed.error.empty()) {
    std::fprintf(stderr, "narthex: %s\n", parsed.error.c_str());
    return kUsage;
  }
  if (parsed.help) return std::fputs(serve_help().c_str(), stdout), kGood;
  if (parsed.version) return std::fputs(version_text().c_str(), stdout), kGood;
  return serve(parsed.command_line);
}

}  // namespace

int run(int argc, char** argv, const Serve& serve) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (means_serve(arguments)) return run_serve(arguments, serve);
  return run_tool(arguments);
}

}  // namespace narthex::cli
