// SPDX-License-Identifier: Apache-2.0
// app_options.hpp - what the agent's parts are made with, from the configuration and the machine.
#pragma once

#include "config/config.hpp"
#include "query/service.hpp"
#include "runtime/asio_executor.hpp"

#include <string>
#include <vector>

namespace narthex {

// The folders of the configuration first, then those beside the program.
std::vector<std::string> plugin_folders(const config::Config& config);

// A thread for each query that may run, and one a core for what comes before a query's turn and for
// everything else that reads.
runtime::ExecutorOptions executor_options(const config::Config& config);

query::Options query_options(const config::Config& config);

// "localhost" where the system has no name.
std::string host_name();

}  // namespace narthex
