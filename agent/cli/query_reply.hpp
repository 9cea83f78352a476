// SPDX-License-Identifier: Apache-2.0
// query_reply.hpp - what the verbs of `query` share: asking the API, and reading its envelope.
#pragma once

#include "cli/server_call.hpp"
#include "cli/tool.hpp"
#include "document/document.hpp"

#include <memory>
#include <string>

namespace narthex::cli {

// An answer of the API, read.
struct Reply {
  int exit_code = kGood;
  std::shared_ptr<const document::Document> document;  // none: nothing is left to do
  sdk::Value data;
};

// Prints the body as it is when JSON is wanted; the caller then has nothing left to do.
Reply ask(const QueryOptions& options, const std::string& method, const std::string& path,
          const net::Params& params);

// Under a name, unless the value is empty.
void add(net::Params& params, const char* name, const std::string& value);

// Of query_range; what is not given is chosen as promtool does.
net::Params range_parameters(const QueryOptions& options);

}  // namespace narthex::cli
