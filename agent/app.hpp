// SPDX-License-Identifier: Apache-2.0
// app.hpp - the composition root: makes every room, wires them, reloads and ends them in order. The
// only file that knows all rooms.
#pragma once

#include "config/config.hpp"

namespace narthex {

// Runs the agent until it is told to end. Returns the exit status of the process: 0, 78 for a bad
// configuration, 73 for a data directory that cannot be used or is held, 1 for anything else; each
// of these with one line on stderr that says what and where.
int serve(const config::CommandLine& command_line);

}  // namespace narthex
