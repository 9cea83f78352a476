// SPDX-License-Identifier: Apache-2.0
// httplib_dispatch.hpp - cpp-httplib's part in the server: it parses a request that our front has
// already found whole and harmless, and dispatches it. cpp-httplib lives behind this header only.
#pragma once

#include "net/request_head.hpp"

#include <functional>

namespace narthex::net {

// Calls dispatch on this thread when cpp-httplib takes the request, and returns 0; otherwise
// returns the status it answers. dispatch must not throw. Thread-safe.
int dispatch_by_httplib(const RequestHead& head, const std::function<void()>& dispatch);

}  // namespace narthex::net
