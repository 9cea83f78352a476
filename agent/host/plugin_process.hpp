// SPDX-License-Identifier: Apache-2.0
// plugin_process.hpp - the other end: a process that loads one plugin file and does what the agent
// asks, with the agent's own host services. `narthex plugin-host` is nothing else.
//
// It has no bus and no metrics of the agent: those services are absent there. What it appends while
// a request is handled goes back to the agent (remote_append.hpp).
#pragma once

namespace narthex::host {

// Serves until the agent is gone, with the sockets of process_link.hpp and the box of call_box.hpp;
// the exit status of the process.
int serve_plugin(int calls_descriptor, int news_descriptor, int box_descriptor);

}  // namespace narthex::host
