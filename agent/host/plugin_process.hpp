// SPDX-License-Identifier: Apache-2.0
// plugin_process.hpp - the other end: a process that loads one plugin file and does what the agent
// asks, with the agent's own host services. `narthex plugin-host` is nothing else.
//
// It has no bus, no metrics of the agent and nothing to append to: those services are absent there.
#pragma once

namespace narthex::host {

// Serves until the agent is gone. The two sockets are what process_link.hpp says; the exit status
// of the process.
int serve_plugin(int calls_descriptor, int news_descriptor);

}  // namespace narthex::host
