// SPDX-License-Identifier: Apache-2.0
// data_lock.hpp - a data directory held as `serve` holds it, so that no agent and no other tool is
// on it meanwhile.
#pragma once

#include "cli/tool.hpp"
#include "runtime/data_directory.hpp"

#include <narthex/sdk/result.hpp>

namespace narthex::cli {

// A directory that does not exist is made when `create`, and a failure otherwise. Where another
// process holds it the message names that process, and what else there is to do.
Result<runtime::DataDirectory> lock_data_directory(const DataOptions& options, bool create);

}  // namespace narthex::cli
