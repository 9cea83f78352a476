// SPDX-License-Identifier: Apache-2.0
// server_call.hpp - one request of a tool to a server.
#pragma once

#include "cli/tool.hpp"
#include "net/http.hpp"
#include "net/options.hpp"

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::cli {

struct ServerAnswer {
  int exit_code = 0;  // kGood, or what the tool ends with; the reason has been printed then
  int status = 0;     // HTTP
  std::string body;
};

// GET or POST `path` ("/-/ready") with the parameters (POST: as a form). Only a failed connection
// sets exit_code: statuses are the caller's.
ServerAnswer call_server(const ServerOptions& server, const std::string& method,
                         const std::string& path, const net::Params& params = {});

// How to speak to it, from the files that the options name. Where they are no good,
// NX_ERR_INVALID_CONFIG with all that is wrong.
Result<net::ClientOptions> client_options(const ServerOptions& server);

// "match[]={a=\"b\"}" percent-encoded.
std::string encode_form(const net::Params& params);

}  // namespace narthex::cli
