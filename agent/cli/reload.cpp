// SPDX-License-Identifier: Apache-2.0
// narthex reload [--wait]: through the control socket in the data directory, or over HTTP. Both
// answer when the reload is done, so it always waits.
#include "cli/cli.hpp"
#include "cli/server_call.hpp"
#include "cli/tool.hpp"
#include "runtime/control_socket.hpp"

#include <cstdio>

namespace narthex::cli {

namespace {

int reload_over_http(const ReloadOptions& options) {
  const ServerAnswer answer = call_server(options.server, "POST", "/-/reload");
  if (answer.exit_code != kGood) return answer.exit_code;
  if (answer.status == 200) return std::fputs("reloaded\n", stdout), kGood;
  std::fprintf(stderr, "narthex: not reloaded: HTTP status %d\n%s\n", answer.status,
               answer.body.c_str());
  if (answer.status == 403 || answer.status == 404) {
    std::fputs("The server must run with --web.enable-lifecycle.\n", stderr);
  }
  return kFailure;
}

}  // namespace

int reload(const ReloadOptions& options) {
  if (!options.server.url.empty()) return reload_over_http(options);
  const Result<std::string> answer =
      runtime::ask_agent(options.data_dir, "reload", options.server.timeout_ms);
  if (answer.ok()) return std::fputs(answer->c_str(), stdout), kGood;
  std::fprintf(stderr, "narthex: not reloaded: %s\n", answer.status().message().c_str());
  if (answer.status().code() != NX_ERR_UNAVAILABLE) return kFailure;
  std::fputs("--data names the data directory of the agent, --url asks it over HTTP.\n", stderr);
  return kNoConnection;
}

}  // namespace narthex::cli
