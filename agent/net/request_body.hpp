// SPDX-License-Identifier: Apache-2.0
// request_body.hpp - the Request that a handler sees, made from an exchange: the body inflated,
// query and form decoded. Pure.
#pragma once

#include "net/exchange.hpp"
#include "net/http.hpp"

namespace narthex::net {

// Fills request. A refusal says what to answer instead of calling the handler.
Refusal make_request(Exchange& exchange, Request& request);

}  // namespace narthex::net
