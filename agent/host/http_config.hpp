// SPDX-License-Identifier: Apache-2.0
// http_config.hpp - a table with Prometheus's http_config keys as options of the HTTP client. For
// tables that a schema has been applied to ("$ref": "narthex:http_client"): types are right, paths
// absolute, and other keys may stand beside. Pure, thread-safe.
#pragma once

#include "net/options.hpp"

#include <narthex/plugin.h>
#include <narthex/sdk/result.hpp>

namespace narthex::host {

// Refuses what Prometheus refuses, in its words: two ways to authenticate, a secret given twice.
Result<net::ClientOptions> read_http_config(const nx_value& table);

}  // namespace narthex::host
