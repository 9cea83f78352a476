// SPDX-License-Identifier: Apache-2.0
// narthex reload [--wait]: over HTTP the answer comes when the reload is done, so it always waits.
#include "cli/cli.hpp"
#include "cli/server_call.hpp"
#include "cli/tool.hpp"

#include <cstdio>

namespace narthex::cli {

int reload(const ServerOptions& options) {
  const ServerAnswer answer = call_server(options, "POST", "/-/reload");
  if (answer.exit_code != kGood) return answer.exit_code;
  if (answer.status == 200) return std::fputs("reloaded\n", stdout), kGood;
  std::fprintf(stderr, "narthex: not reloaded: HTTP status %d\n%s\n", answer.status,
               answer.body.c_str());
  if (answer.status == 403 || answer.status == 404) {
    std::fputs("The server must run with --web.enable-lifecycle.\n", stderr);
  }
  return kFailure;
}

}  // namespace narthex::cli
