// SPDX-License-Identifier: Apache-2.0
// file_trust.hpp - whether a plugin file may be loaded: it and its folder belong to root or to the
// agent's user, and nobody else may write to them. Code in the process is as trusted as the
// process, so whoever can change the file could be the agent. Thread-safe.
#pragma once

#include <narthex/sdk/result.hpp>

#include <string>

namespace narthex::host {

// NX_ERR_PERMISSION with the command that mends it. Links are followed: what counts is the file
// that would be mapped.
Status check_file_trust(const std::string& path);

}  // namespace narthex::host
