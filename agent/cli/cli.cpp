// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "cli/command_tree.hpp"
#include "cli/serve_flags.hpp"
#include "host/plugin_process.hpp"

#include <sys/stat.h>

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

// What the agent starts for a plugin with isolation = "process", with sockets at 3 and 4
// and shared memory at 5.
int run_plugin_host() {
  constexpr int kCalls = 3;
  constexpr int kNews = 4;
  constexpr int kBox = 5;
  for (const int descriptor : {kCalls, kNews}) {
    struct stat facts {};
    if (::fstat(descriptor, &facts) == 0 && S_ISSOCK(facts.st_mode)) continue;
    std::fputs(
        "narthex: plugin-host is what the agent runs for itself, it is not for use by hand\n",
        stderr);
    return kUsage;
  }
  return host::serve_plugin(kCalls, kNews, kBox);
}

}  // namespace

int run(int argc, char** argv, const Serve& serve) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (means_serve(arguments)) return run_serve(arguments, serve);
  if (arguments.size() == 1 && arguments[0] == "plugin-host") return run_plugin_host();
  return run_tool(arguments);
}

}  // namespace narthex::cli
