// SPDX-License-Identifier: Apache-2.0
// default_config.hpp - the configuration of an agent that was given none.
#pragma once

#include <string>
#include <string_view>

namespace narthex::config {

// Scrapes the agent itself and runs the node exporter. JSON text, so that no parser library is
// touched for it. `listen` is the agent's own address. `guarded`: its pages need TLS or a password,
// which it has not for itself: then the self exporter takes the place of the scrape.
std::string default_config(std::string_view listen, bool guarded);
// Where to reach a server that listens there: ":9090" and "0.0.0.0:9090" -> "127.0.0.1:9090".
std::string reachable_address(std::string_view listen);

}  // namespace narthex::config
