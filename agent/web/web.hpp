// SPDX-License-Identifier: Apache-2.0
// web.hpp - the first page and its assets, embedded in the program. Nothing is loaded from
// elsewhere and nothing inline is run: the content security policy says so.
#pragma once

#include <narthex/sdk/result.hpp>

namespace narthex::net {
class Server;
}

namespace narthex::web {

// Mounts "/", "/graph", "/query", "/targets" (one page) and "/assets/...".
Status mount(net::Server& server);

}  // namespace narthex::web
