// SPDX-License-Identifier: Apache-2.0
// exemplars.hpp - query_exemplars: the exemplars of all series that the selectors of an expression
// name.
#pragma once

#include "api/services.hpp"
#include "net/http.hpp"

namespace narthex::api {

net::Response query_exemplars(const Services& services, const net::Request& request);

}  // namespace narthex::api
